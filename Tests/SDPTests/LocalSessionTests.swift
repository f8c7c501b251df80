import Crypto
import SDP
import Testing
import Wire

enum Ours {
    static let address = SocketAddress(ip: IPAddress(v4: 0xC000_0263), port: 20000)
    static let rtp = LocalTransport.rtp(address)
    static let browser = LocalTransport.browser(
        BrowserDescription(
            usernameFragment: "ours", password: "ourpassword0123456789ab",
            fingerprint: Fingerprint(.sha256, ofCertificate: [7]),
            addresses: [SocketAddress(ip: address.ip, port: 30000), SocketAddress(ip: .loopbackIPv4, port: 30000)],
            ssrc: 4711))
}

private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }
private func remote(_ text: String) throws -> RemoteAudio { try RemoteAudio(parsing: Samples.bytes(text)) }

extension LocalSession {
    /// What an answer agrees to, for tests in which it must.
    mutating func agreed(_ answer: RemoteAudio) throws -> NegotiatedAudio {
        let made = negotiated(from: answer)
        return try #require(made)
    }

    fileprivate mutating func answered(_ request: LocalAudioAnswer) throws -> LocalAnswer {
        let made = answer(request)
        return try #require(made)
    }
}

struct LocalOfferTests {
    @Test func `a SIP offer is plain and complete`() throws {
        var session = LocalSession(id: 44)
        let body = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma, .opus]))
        let expected = """
            v=0
            o=- 11 1 IN IP4 192.0.2.99
            s=-
            c=IN IP4 192.0.2.99
            t=0 0
            m=audio 20000 RTP/AVP 8 96 101 102
            c=IN IP4 192.0.2.99
            a=rtpmap:8 PCMA/8000
            a=rtpmap:96 opus/48000/2
            a=fmtp:96 minptime=10;useinbandfec=1
            a=rtpmap:101 telephone-event/8000
            a=fmtp:101 0-16
            a=rtpmap:102 telephone-event/48000
            a=fmtp:102 0-16
            a=ptime:20
            a=sendrecv

            """
        #expect(text(body) == text(Samples.bytes(expected)))
    }

    @Test func `RTCP is named when it is not on the next port`() {
        var session = LocalSession(id: 4)
        let next = SocketAddress(ip: Ours.address.ip, port: 20001)
        #expect(!text(session.offer(LocalAudioOffer(transport: .rtp(Ours.address, rtcp: next)))).contains("a=rtcp"))
        let far = SocketAddress(ip: Ours.address.ip, port: 25000)
        #expect(
            text(session.offer(LocalAudioOffer(transport: .rtp(Ours.address, rtcp: far))))
                .contains("a=rtcp:25000 IN IP4 192.0.2.99\r\n"))
    }

    @Test func `a browser offer reads back as a browser's stream`() throws {
        var session = LocalSession(id: 4)
        let body = session.offer(LocalAudioOffer(transport: Ours.browser, codecs: [.opus, .pcmu]))
        let stream = try RemoteAudio(parsing: body).stream
        #expect(stream.isBrowser && stream.rtcpMux && stream.isBundled)
        #expect(stream.mid == "0")
        #expect(stream.setup == .actpass)
        #expect(stream.ice?.isLite == true)
        let candidates = stream.ice?.candidates ?? []
        #expect(candidates.map(\.port) == [30000, 30000, 30000, 30000])
        #expect(candidates.map(\.transport) == ["udp", "udp", "tcp", "tcp"])
        #expect(candidates.map(\.tcpType) == [nil, nil, "passive", "passive"])
        #expect(candidates.map(\.priority) == candidates.map(\.priority).sorted(by: >))
        #expect(text(body).contains("a=end-of-candidates\r\n"))
        #expect(text(body).contains("a=ssrc:4711 cname:tandem\r\n"))
    }

    @Test func `the version rises only when the body changes`() {
        var session = LocalSession(id: 4)
        var offer = LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma])
        let first = session.offer(offer)
        #expect(session.offer(offer) == first)
        offer.direction = .sendonly
        #expect(text(session.offer(offer)).contains("o=- 1 2 "))
        offer.direction = .sendrecv
        #expect(text(session.offer(offer)).contains("o=- 1 3 "))
    }

    @Test func `an answer settles codec, payload types and digits`() throws {
        var session = LocalSession(id: 4)
        _ = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.opus, .pcma]))
        let answer = try remote(
            """
            v=0
            c=IN IP4 192.0.2.7
            m=audio 5000 RTP/AVP 120 121
            a=rtpmap:120 opus/48000/2
            a=rtpmap:121 telephone-event/48000
            a=recvonly

            """)
        let agreed = try session.agreed(answer)
        #expect(agreed.codec == .opus)
        #expect(agreed.sendPayloadType == 120)
        #expect(agreed.receivePayloadType == 96)
        #expect(agreed.direction == .sendonly)
        #expect(
            agreed.telephoneEvent
                == NegotiatedTelephoneEvent(sendPayloadType: 121, receivePayloadType: 102, clockRate: 48000))
    }

    @Test func `an answer that takes none of our codecs settles nothing`() throws {
        var session = LocalSession(id: 4)
        let early = session.negotiated(from: try remote(Samples.sipp))
        #expect(early == nil)
        _ = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.opus]))
        let other = session.negotiated(from: try remote(Samples.sipp))
        #expect(other == nil)
    }
}

struct LocalAnswerTests {
    private func answer(
        _ offer: String, codec: Codec, direction: MediaDirection = .sendrecv, over transport: LocalTransport = Ours.rtp
    ) throws -> (SessionDescription, NegotiatedAudio) {
        var session = LocalSession(id: 4)
        let request = LocalAudioAnswer(transport: transport, to: try remote(offer), codec: codec, direction: direction)
        let answer = try session.answered(request)
        return (try SessionDescription(parsing: answer.body), answer.negotiated)
    }

    @Test func `an answer takes one codec under the offerer's number`() throws {
        let (body, agreed) = try answer(Samples.baresip, codec: .pcma)
        #expect(body.media.map(\.formats) == [["8", "101"]])
        #expect(agreed.sendPayloadType == 8)
        #expect(agreed.receivePayloadType == 8)
        #expect(agreed.telephoneEvent?.clockRate == 8000)
        #expect(agreed.direction == .sendrecv)
    }

    @Test func `RTCP shares the port when the phone offers it`() throws {
        let offer = Samples.baresip.replacing("a=rtcp:21235", with: "a=rtcp-mux")
        #expect(try RemoteAudio(answer(offer, codec: .pcmu).0).stream.rtcpMux)
        #expect(try !RemoteAudio(answer(Samples.baresip, codec: .pcmu).0).stream.rtcpMux)
    }

    @Test func `a codec that was not offered cannot be answered`() throws {
        var session = LocalSession(id: 4)
        let offer = try remote(Samples.sipp)
        #expect(session.answer(LocalAudioAnswer(transport: Ours.rtp, to: offer, codec: .opus)) == nil)
    }

    @Test func `every other line is refused in its place`() throws {
        let (body, _) = try answer(Samples.rfc8866, codec: .pcmu)
        #expect(body.media.map(\.kind) == ["audio", "audio", "video"])
        #expect(body.media.map(\.port) == [20000, 0, 0])
        #expect(body.media.map(\.profile) == ["RTP/AVP", "RTP/AVP", "RTP/AVP"])
    }

    @Test func `a browser is answered with its tags and only the taken one in the bundle`() throws {
        let (body, agreed) = try answer(Samples.firefox, codec: .opus, over: Ours.browser)
        #expect(body.media.map(\.port) == [0, 30000])
        #expect(body.media.map(\.mid) == ["0", "1"])
        #expect(body.bundle == ["1"])
        #expect(agreed.sendPayloadType == 109)
        let stream = try RemoteAudio(body).stream
        #expect(stream.setup == .passive)
        #expect(stream.rtcpMux)
    }

    @Test func `duplicate tags are echoed line by line`() throws {
        let doubled = Samples.firefox.replacing("a=mid:1\n", with: "a=mid:0\n")
        let (body, _) = try answer(doubled, codec: .opus, over: Ours.browser)
        #expect(body.media.map(\.mid) == ["0", "0"])
        #expect(body.bundle == ["0"])
    }

    @Test func `a line outside the bundle is answered without one`() throws {
        let single = Samples.chromium.replacing("a=group:BUNDLE 0\n", with: "")
        let (body, _) = try answer(single, codec: .opus, over: Ours.browser)
        #expect(body.bundle.isEmpty)
    }

    @Test(arguments: [
        ("actpass", SetupRole.passive), ("active", .passive), ("passive", .active),
    ]) func `we wait for the handshake unless the browser does`(offered: String, answered: SetupRole) throws {
        let text = Samples.chromium.replacing("setup:actpass", with: "setup:\(offered)")
        let (body, _) = try answer(text, codec: .opus, over: Ours.browser)
        #expect(try RemoteAudio(body).stream.setup == answered)
    }

    @Test(arguments: [
        ("sendrecv", MediaDirection.sendrecv, MediaDirection.sendrecv), ("sendonly", .sendrecv, .recvonly),
        ("recvonly", .sendrecv, .sendonly), ("inactive", .sendrecv, .inactive), ("sendrecv", .sendonly, .sendonly),
        ("sendonly", .sendonly, .inactive),
    ]) func `the answer's direction is what both want`(
        offered: String, wanted: MediaDirection, agreed: MediaDirection
    ) throws {
        let text = Samples.baresip.replacing("a=sendrecv", with: "a=\(offered)")
        let (body, negotiated) = try answer(text, codec: .pcmu, direction: wanted)
        #expect(negotiated.direction == agreed)
        #expect(try RemoteAudio(body).stream.direction == agreed)
    }

    @Test func `a later offer keeps the lines, tags and numbers of the session`() throws {
        var session = LocalSession(id: 4)
        let offer = try remote(Samples.firefox)
        _ = session.answer(LocalAudioAnswer(transport: Ours.browser, to: offer, codec: .opus))
        let body = session.offer(LocalAudioOffer(transport: Ours.browser, codecs: [.opus], direction: .sendonly))
        let description = try SessionDescription(parsing: body)
        #expect(description.media.map(\.port) == [0, 30000])
        #expect(description.media.map(\.mid) == ["0", "1"])
        #expect(description.media[1].formats.first == "109")
        #expect(description.origin.hasPrefix("- 1 2 "))
    }

    @Test func `a later offer of one codec offers digits in its clock alone to whoever understands that`() throws {
        let offer = try remote(Samples.chromium)
        var session = LocalSession(id: 9)
        _ = session.answer(LocalAudioAnswer(transport: Ours.browser, to: offer, codec: .opus))
        let later = try RemoteAudio(
            parsing: session.offer(LocalAudioOffer(transport: Ours.browser, codecs: [.opus])))
        #expect(later.stream.telephoneEvents == [TelephoneEventFormat(payloadType: 110, clockRate: 48000)])
    }

    @Test func `a further offer that leaves the role open keeps it`() throws {
        var session = LocalSession(id: 4)
        for setup in ["passive", "actpass"] {
            let offer = try remote(Samples.chromium.replacing("setup:actpass", with: "setup:\(setup)"))
            let answer = try session.answered(LocalAudioAnswer(transport: Ours.browser, to: offer, codec: .opus))
            #expect(try RemoteAudio(parsing: answer.body).stream.setup == .active)
        }
    }

    @Test func `hold and resume by the phone are answered in kind and keep the codec`() throws {
        var session = LocalSession(id: 4)
        for (line, direction) in [
            ("sendrecv", MediaDirection.sendrecv), ("inactive", .inactive), ("sendrecv", .sendrecv),
        ] {
            let offer = try remote(Samples.baresip.replacing("a=sendrecv", with: "a=\(line)"))
            let answer = try session.answered(LocalAudioAnswer(transport: Ours.rtp, to: offer, codec: .opus))
            #expect(answer.negotiated.direction == direction)
            #expect(answer.negotiated.sendPayloadType == 96)
        }
    }
}
