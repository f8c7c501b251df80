import Testing
import Wire

@testable import SIP

/// An INVITE that several devices answer (RFC 3261 section 13.2.2.4, RFC 6228).
struct ForkTests {
    private let link = SimulatedLink(seed: 51)

    init() {
        link.setOptions(SessionOptions(reliable: .supported), SessionOptions())
        link.filter = { _, end in end == .left }
    }

    /// A response of one device.
    private func respond(
        _ status: Int, _ tag: String, sdp: [UInt8]? = nil, sequence: UInt32? = nil
    ) throws {
        let invite = try #require(link.requests(.invite, from: .left).first)
        var response = SIPResponse(to: invite, status: status, toTag: tag)
        response.headers.contacts = [NameAddress(uri: try #require(SIPURI("sip:\(tag)@192.0.2.2")))]
        response.headers.allow = [.invite, .ack, .bye, .cancel, .prack, .update]
        response.headers.rSeq = sequence
        if sequence != nil { response.headers.require = ["100rel"] }
        response.setSDP(sdp)
        link.inject(.response(response), to: .left)
    }

    @Test func `early media of several forks is told apart`() throws {
        link.call(from: .left)
        try respond(183, "a", sdp: [1])
        try respond(183, "b", sdp: [2])
        try respond(180, "a")
        #expect(
            link.events(of: .left) == [
                .progress(status: 183, sdp: [1], fork: "a"), .progress(status: 183, sdp: [2], fork: "b"),
                .progress(status: 180, sdp: nil, fork: "a"),
            ])
        try respond(200, "a")
        #expect(link.events(of: .left).last == .answered(sdp: [1]))
    }

    @Test func `each fork's reliable responses are acknowledged in its own dialog`() throws {
        link.call(from: .left)
        try respond(183, "a", sdp: [1], sequence: 100)
        try respond(183, "b", sdp: [2], sequence: 7)
        try respond(180, "b", sequence: 8)
        let pracks = link.requests(.prack, from: .left)
        #expect(pracks.map { $0.headers.to?.tag } == ["a", "b", "b"])
        #expect(pracks.map { $0.headers.rAck?.sequence } == [100, 7, 8])
        #expect(pracks.map { $0.headers.cseq?.number } == [2, 2, 3])
        #expect(pracks.map { $0.uri.user } == ["a", "b", "b"])
        try respond(200, "b")
        let ack = try #require(link.requests(.ack, from: .left).last)
        #expect(ack.headers.cseq?.number == 1)
    }

    @Test func `the first 200 wins, and a later one is acknowledged and told BYE`() throws {
        link.call(from: .left)
        try respond(180, "a")
        try respond(183, "b", sdp: [2], sequence: 1)
        try respond(200, "a", sdp: [1])
        try respond(200, "b", sdp: [2])
        try respond(200, "b", sdp: [2])
        #expect(
            link.events(of: .left).filter { if case .answered = $0 { true } else { false } } == [.answered(sdp: [1])])
        #expect(link.requests(.ack, from: .left).map { $0.headers.to?.tag } == ["a", "b", "b"])
        let byes = link.requests(.bye, from: .left)
        #expect(byes.map { $0.headers.to?.tag } == ["b"])
        // The PRACK took 2.
        #expect(byes.map { $0.headers.cseq?.number } == [3])
    }

    @Test func `a fork that answers when the call is over is acknowledged, each time, and told BYE`() throws {
        let id = link.call(from: .left)
        try respond(200, "a", sdp: [1])
        link.with(.left) { $0.hangUp(id, now: link.now) }
        link.run(for: .seconds(10))
        for _ in 0..<2 { try respond(200, "b", sdp: [2]) }
        let acks = link.requests(.ack, from: .left).filter { $0.headers.to?.tag == "b" }
        #expect(acks.count == 2 && Set(acks.map { $0.serialized() }).count == 1)
        #expect(acks.first?.headers.cseq?.number == 1 && acks.first?.uri.user == "b")
        let invite = try #require(link.requests(.invite, from: .left).first)
        #expect(acks.first?.headers.from == invite.headers.from)
        #expect(link.requests(.bye, from: .left).last?.headers.to?.tag == "b")
        link.run()
        #expect(link.isIdle)
    }

    @Test func `an UPDATE to a fork that lost is asked for again in the dialog that won`() throws {
        let id = link.call(from: .left)
        try respond(183, "a", sdp: [1], sequence: 1)
        link.with(.left) { $0.offer(id, sdp: [5], now: link.now) }
        #expect(link.requests(.update, from: .left).map { $0.headers.to?.tag } == ["a"])
        try respond(200, "b", sdp: [2])
        #expect(link.requests(.invite, from: .left).last?.body == [5])
        #expect(link.requests(.invite, from: .left).last?.headers.to?.tag == "b")
    }

    @Test func `with several forks an offer waits for the answer`() throws {
        let id = link.call(from: .left)
        try respond(183, "a", sdp: [1], sequence: 1)
        try respond(183, "b", sdp: [2], sequence: 1)
        link.with(.left) { $0.offer(id, sdp: [5], now: link.now) }
        #expect(link.requests(.update, from: .left).isEmpty)
    }

    @Test func `199 ends one fork without a word`() throws {
        link.call(from: .left)
        try respond(183, "a", sdp: [1], sequence: 1)
        try respond(199, "a", sequence: 2)
        #expect(link.events(of: .left).count == 1)
        #expect(link.requests(.prack, from: .left).count == 2)
        try respond(200, "b", sdp: [2])
        #expect(link.events(of: .left).last == .answered(sdp: [2]))
    }

    @Test func `forks past the limit are not remembered`() throws {
        link.call(from: .left)
        for number in 0..<40 { try respond(183, "f\(number)", sdp: [1]) }
        try respond(200, "f39", sdp: [9])
        #expect(link.events(of: .left).last == .answered(sdp: [9]))
    }
}
