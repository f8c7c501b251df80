import Testing
import Wire

@testable import SIP

/// REFER both ways (RFC 3515, RFC 4488), with the dialog it may name (RFC 3891) and who it comes from (RFC 3892).
struct TransferTests {
    private static let third = SIPURI(user: "3", address: SimulatedLink.End.left.address)
    private let link = SimulatedLink(seed: 61)

    private func refer(_ target: String, sequence: UInt32 = 60) throws -> SIPRequest {
        var refer = try #require(link.forge(.refer, from: .left, sequence: sequence))
        refer.headers[.referTo] = target
        return refer
    }

    private func progress(of end: SimulatedLink.End) -> [Int] {
        link.events(of: end).compactMap { if case .transferProgress(let status) = $0 { status } else { nil } }
    }

    private func fragments(from end: SimulatedLink.End) -> [String] {
        link.requests(.notify, from: end).map { String(decoding: $0.body, as: UTF8.self) }
    }

    // MARK: Asked for

    @Test func `an attended transfer names the dialog to replace and who asks for it`() throws {
        _ = link.talk()
        var request = try refer(
            "<sip:300@example.com;method=INVITE?Replaces=abc%40host%3Bto-tag%3Dt1%3Bfrom-tag%3Df1%3Bearly-only&X=1>")
        request.headers.referredBy = NameAddress("\"Ann\" <sip:ann@example.com>")
        link.inject(.request(request), to: .right)
        let replaces = Replaces(callID: "abc@host", toTag: "t1", fromTag: "f1", isEarlyOnly: true)
        let target = try #require(SIPURI("sip:300@example.com"))
        #expect(
            link.events(of: .right).last
                == .transferRequested(
                    to: target, replaces: replaces, referredBy: NameAddress("\"Ann\" <sip:ann@example.com>")))
        #expect(link.responses(202, to: .refer, from: .right).count == 1)
    }

    @Test(arguments: [
        ("<sip:300@example.com;method=SUBSCRIBE>", 403), ("<mailto:ann@example.com>", 416),
        ("<sip:300@example.com?Replaces=nonsense>", 400), ("<sip:300@example.com>, <sip:301@example.com>", 400),
        ("", 400),
    ])
    func `a transfer that cannot be is refused`(target: String, status: Int) throws {
        _ = link.talk()
        link.inject(.request(try refer(target)), to: .right)
        #expect(link.responses(status, to: .refer, from: .right).count == 1)
        #expect(link.events(of: .right) == [.established])
    }

    @Test func `the peer is told 100, 18x and the end, and another REFER gets a subscription of its own`() throws {
        let call = link.talk()
        link.inject(.request(try refer("<sip:300@example.com>")), to: .right)
        link.inject(.request(try refer("<sip:301@example.com>", sequence: 61)), to: .right)
        #expect(link.responses(491, to: .refer, from: .right).count == 1)
        for status in [180, 603] { link.with(.right) { $0.notifyTransfer(call.right, status: status, now: link.now) } }
        link.inject(.request(try refer("<sip:302@example.com>", sequence: 62)), to: .right)
        #expect(
            fragments(from: .right) == [
                "SIP/2.0 100 Trying\r\n", "SIP/2.0 180 Ringing\r\n", "SIP/2.0 603 Decline\r\n",
                "SIP/2.0 100 Trying\r\n",
            ])
        let notices = link.requests(.notify, from: .right)
        #expect(notices.map { $0.headers[.event] } == ["refer", "refer", "refer", "refer;id=62"])
        #expect(notices.map { $0.headers[.subscriptionState]?.prefix(6) } == ["active", "active", "termin", "active"])
        #expect(notices.allSatisfy { !$0.headers.contacts.isEmpty })
    }

    @Test func `who does not want to hear how it goes hears nothing`() throws {
        let call = link.talk()
        var request = try refer("<sip:300@example.com>")
        request.headers[.referSub] = "false"
        link.inject(.request(request), to: .right)
        link.with(.right) { $0.notifyTransfer(call.right, status: 200, now: link.now) }
        #expect(link.responses(202, to: .refer, from: .right).first?.headers[.referSub] == "false")
        #expect(link.requests(.notify, from: .right).isEmpty)
    }

    // MARK: Asking

    @Test func `a transfer of ours is reported as the peer tells it`() throws {
        let call = link.talk()
        link.react = { [link] end, id, event in
            guard end == .right, case .transferRequested = event else { return }
            for status in [180, 200] { link.with(.right) { $0.notifyTransfer(id, status: status, now: link.now) } }
        }
        let target = try #require(SIPURI("sip:300@example.com"))
        let replaces = Replaces(callID: "abc@host", toTag: "t;1", fromTag: "f1")
        #expect(link.with(.left) { $0.refer(call.left, to: target, replaces: replaces, now: link.now) })
        #expect(!link.with(.left) { $0.refer(call.left, to: target, now: link.now) })
        link.run(for: .seconds(2))
        let address = NameAddress(uri: SIPURI(user: "left", address: SimulatedLink.End.left.address))
        #expect(
            link.events(of: .right).last == .transferRequested(to: target, replaces: replaces, referredBy: address))
        #expect(progress(of: .left) == [180, 200])
        #expect(link.with(.left) { $0.refer(call.left, to: target, now: link.now) })
    }

    @Test func `a refusal, a failure and silence each come to one end`() throws {
        let target = try #require(SIPURI("sip:300@example.com"))
        for (index, expected) in [[486], [403], [408]].enumerated() {
            let link = SimulatedLink(seed: 62)
            let call = link.talk()
            link.react = { end, id, event in
                guard end == .right, case .transferRequested = event, index == 0 else { return }
                link.with(.right) { $0.notifyTransfer(id, status: 486, now: link.now) }
            }
            var uri = target
            if index == 1 { uri.parameters.set("method", "BYE") }
            _ = link.with(.left) { $0.refer(call.left, to: uri, now: link.now) }
            link.run(for: .seconds(300))
            let told = link.events(of: .left).compactMap {
                if case .transferProgress(let status) = $0 { status } else { nil }
            }
            #expect(told == expected)
            #expect(link.endings(of: .left).isEmpty)
        }
    }

    @Test func `a target may ring for minutes once the peer has said anything`() {
        let call = link.talk()
        link.react = { [link] end, id, event in
            guard end == .right, case .transferRequested = event else { return }
            link.after(.seconds(150)) { link.with(.right) { $0.notifyTransfer(id, status: 200, now: link.now) } }
        }
        _ = link.with(.left) { $0.refer(call.left, to: Self.third, now: link.now) }
        link.run(for: .seconds(200))
        #expect(progress(of: .left) == [200])
    }

    @Test func `a REFER nobody answers comes to 408`() throws {
        let call = link.talk()
        link.filter = { _, _ in true }
        _ = link.with(.left) { $0.refer(call.left, to: Self.third, now: link.now) }
        link.run(for: .seconds(40))
        #expect(progress(of: .left) == [408])
    }

    @Test(arguments: [true, false])
    func `a peer that leaves once it accepted has gone where it was sent, and before it has not`(isAccepted: Bool) {
        let call = link.talk()
        link.filter = { message, end in
            guard !isAccepted, end == .left, case .request(let request) = message else { return false }
            return request.method == .refer
        }
        _ = link.with(.left) { $0.refer(call.left, to: Self.third, now: link.now) }
        link.run(for: .seconds(1))
        link.filter = { message, _ in
            if case .request(let request) = message { request.method == .notify } else { false }
        }
        link.with(.right) { $0.hangUp(call.right, now: link.now) }
        link.run(for: .seconds(1))
        #expect(
            link.events(of: .left).suffix(2) == [
                .transferProgress(status: isAccepted ? 202 : 487), .ended(.remote(nil)),
            ])
    }

    @Test func `a subscription that ends without a result counts as done, and a strange NOTIFY as nothing`() throws {
        let call = link.talk()
        var notice = try #require(link.forge(.notify, from: .left, sequence: 70))
        notice.headers.from = link.requests(.ack, from: .left).last?.headers.to
        notice.headers.to = link.requests(.ack, from: .left).last?.headers.from
        notice.headers[.event] = "refer"
        notice.headers[.subscriptionState] = "terminated;reason=timeout"
        link.inject(.request(notice), to: .left)
        #expect(link.responses(481, to: .notify, from: .left).count == 1)
        _ = link.with(.left) { $0.refer(call.left, to: Self.third, now: link.now) }
        link.run(for: .seconds(1))
        notice.headers.cseq = CSeq(71, .notify)
        notice.headers.topVia?.branch = "z9hG4bKthen"
        notice.body = Array("garbage \u{0}".utf8)
        link.inject(.request(notice), to: .left)
        #expect(progress(of: .left) == [202])
    }

    @Test func `a NOTIFY of an earlier REFER, or of another event, changes nothing`() throws {
        let call = link.talk()
        _ = link.with(.left) { $0.refer(call.left, to: Self.third, now: link.now) }
        let sequence = try #require(link.requests(.refer, from: .left).last?.headers.cseq?.number)
        link.run(for: .seconds(1))
        var notice = try #require(link.requests(.notify, from: .right).last)
        func send(_ event: String, _ number: UInt32) {
            notice.headers[.event] = event
            notice.headers[.subscriptionState] = "terminated;reason=noresource"
            notice.headers.cseq = CSeq(number, .notify)
            notice.headers.topVia?.branch = "z9hG4bKnotice\(number)"
            notice.body = Array("SIP/2.0 603 Decline\r\n".utf8)
            link.inject(.request(notice), to: .left)
        }
        send("referral", 71)
        send("talk", 72)
        #expect(link.responses(489, to: .notify, from: .left).count == 2)
        send("refer;id=\(sequence - 1)", 73)
        #expect(link.responses(481, to: .notify, from: .left).count == 1)
        #expect(progress(of: .left).isEmpty)
        send("refer;id=\(sequence)", 74)
        #expect(progress(of: .left) == [603])
    }

    @Test func `an INFO of a package that nobody asked for is refused with what is taken`() throws {
        _ = link.talk()
        var info = try #require(link.forge(.info, from: .left, sequence: 60))
        info.headers[.infoPackage] = "conference"
        link.inject(.request(info), to: .right)
        #expect(link.responses(469, to: .info, from: .right).first?.headers.contains(.recvInfo) == true)
        #expect(link.events(of: .right) == [.established])
    }
}
