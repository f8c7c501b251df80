import Crypto
import SDP
import Testing
import Wire

private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }

/// A phone's description with these lines at its end.
private func remote(_ profile: String, _ lines: [String], direction: String = "sendrecv") throws -> RemoteAudio {
    let body =
        [
            "v=0", "o=- 1 1 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0",
            "m=audio 40000 \(profile) 8 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
            "a=\(direction)",
        ] + lines
    return try RemoteAudio(parsing: Array((body.joined(separator: "\r\n") + "\r\n").utf8))
}

private func inline(_ suite: CryptoSuite, _ fill: UInt8) -> String {
    "inline:" + Base64.encode([UInt8](repeating: fill, count: suite.keyLength + suite.saltLength))
}

private func key(_ suite: CryptoSuite, _ fill: UInt8) -> MediaKey {
    MediaKey(
        key: [UInt8](repeating: fill, count: suite.keyLength), salt: [UInt8](repeating: fill, count: suite.saltLength))
}

private func lines(_ body: [UInt8]) -> [CryptoAttribute] {
    text(body).split(separator: "\r\n").filter { $0.hasPrefix("a=crypto:") }
        .compactMap { CryptoAttribute(String($0.dropFirst("a=crypto:".count))) }
}

struct CryptoAttributeTests {
    /// RFC 4568 section 9.1, with its line folds taken out.
    private let example = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20"

    @Test func `the example of RFC 4568 is read`() throws {
        let line = try #require(CryptoAttribute(example))
        #expect(line.tag == 1)
        #expect(line.suite == .aesCM128HMACSHA1_80)
        #expect(line.key.key == Array("YS___semctl () {".utf8))
        #expect(line.key.salt == Array("\t220;}\n}\nunles".utf8))
    }

    @Test(arguments: CryptoSuite.allCases)
    func `a line reads back what was written`(suite: CryptoSuite) throws {
        let line = CryptoAttribute(tag: 77, suite: suite, key: key(suite, 0xA5))
        #expect(CryptoAttribute(line.value) == line)
    }

    @Test(arguments: [
        "|2^48", "|1048576", " WSH=64", " -X=1", "|2^31 WSH=128 -NOTE",
    ])
    func `what changes no packet is let pass`(tail: String) {
        let line = CryptoAttribute("1 AES_CM_128_HMAC_SHA1_80 \(inline(.aesCM128HMACSHA1_80, 1))\(tail)")
        #expect(line != nil)
    }

    @Test(arguments: [
        "|2^49", "|0", "|", "|2^", "|x", "|1:4", "|2^20|1:4", "|2^20|1:", " KDR=1", " UNENCRYPTED_SRTP",
        " UNENCRYPTED_SRTCP", " UNAUTHENTICATED_SRTP", " FEC_ORDER=FEC_SRTP", " X=1", ";inline:AAAA",
    ])
    func `what would change packets is refused`(tail: String) {
        #expect(CryptoAttribute("1 AES_CM_128_HMAC_SHA1_80 \(inline(.aesCM128HMACSHA1_80, 1))\(tail)") == nil)
    }

    @Test(arguments: [
        "", "1", "1 AES_CM_128_HMAC_SHA1_80", "x AES_CM_128_HMAC_SHA1_80 inline:AAAA", "1 F8_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA", "1 AES_CM_128_HMAC_SHA1_80 inline:!!!!",
        "1234567890 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1 AEAD_AES_128_GCM inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1 AES_CM_128_HMAC_SHA1_80 uri:https://example.com/key",
    ])
    func `a line that is none is refused`(value: String) { #expect(CryptoAttribute(value) == nil) }

    @Test func `a key never prints itself`() throws {
        let line = try #require(CryptoAttribute(example))
        #expect(!"\(line)".contains("WVNf") && "\(line)".contains("<secret>"))
        #expect(!String(reflecting: line).contains("89"))
    }
}

struct EncryptedOfferTests {
    @Test(arguments: [SDESPolicy.off, .optional, .required])
    func `an offer says what is wanted`(policy: SDESPolicy) throws {
        var session = LocalSession(id: 1, entropy: Entropy(seed: 1))
        let body = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: policy))
        #expect(text(body).contains(policy == .required ? " RTP/SAVP 8" : " RTP/AVP 8"))
        #expect(lines(body).map(\.suite) == (policy == .off ? [] : CryptoSuite.allCases))
        #expect(lines(body).map(\.tag) == (policy == .off ? [] : [1, 2, 3, 4]))
        #expect(Set(lines(body).map(\.key)).count == lines(body).count)
        #expect(try RemoteAudio(parsing: body).stream.crypto == lines(body))
    }

    @Test func `the answer's line gives both keys`() throws {
        var session = LocalSession(id: 1, entropy: Entropy(seed: 2))
        let body = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: .optional))
        let suite = CryptoSuite.aesCM128HMACSHA1_80
        let own = try #require(lines(body).first { $0.suite == suite })
        let answer = try remote("RTP/AVP", ["a=crypto:3 AES_CM_128_HMAC_SHA1_80 \(inline(suite, 9))"])
        let agreed = try session.agreed(answer)
        #expect(agreed.crypto == SDESKeys(suite: suite, send: own.key, receive: key(suite, 9)))
        let later = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: .optional))
        #expect(lines(later).map(\.suite) == [suite])
        #expect(lines(later).map(\.key) == [own.key])
    }

    @Test func `what was optional may be declined, and is not asked for again`() throws {
        var session = LocalSession(id: 1, entropy: Entropy(seed: 3))
        _ = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: .optional))
        let agreed = try session.agreed(try remote("RTP/AVP", []))
        #expect(agreed.crypto == nil)
        let later = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: .optional))
        #expect(lines(later).isEmpty)
    }

    @Test func `what was required may not be declined`() throws {
        var session = LocalSession(id: 1, entropy: Entropy(seed: 4))
        _ = session.offer(LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: .required))
        let agreed = session.negotiated(from: try remote("RTP/AVP", []))
        #expect(agreed == nil)
    }

    @Test func `a key that was given up never comes back`() throws {
        var session = LocalSession(id: 1, entropy: Entropy(seed: 5))
        let request = LocalAudioOffer(transport: Ours.rtp, codecs: [.pcma], encryption: .optional)
        let first = lines(session.offer(request))
        let suite = CryptoSuite.aeadAES128GCM
        _ = session.negotiated(from: try remote("RTP/AVP", ["a=crypto:1 AEAD_AES_128_GCM \(inline(suite, 9))"]))
        let other = try remote("RTP/AVP", ["a=crypto:1 AES_CM_128_HMAC_SHA1_32 \(inline(.aesCM128HMACSHA1_32, 8))"])
        _ = session.answer(LocalAudioAnswer(transport: Ours.rtp, to: other, codec: .pcma))
        let again = try remote("RTP/AVP", ["a=crypto:1 AEAD_AES_128_GCM \(inline(suite, 7))"])
        let answer = session.answer(LocalAudioAnswer(transport: Ours.rtp, to: again, codec: .pcma))
        let own = try #require(answer?.negotiated.crypto).send
        #expect(!first.map(\.key).contains(own))
    }
}

struct EncryptedAnswerTests {
    private func answer(
        _ offer: RemoteAudio, _ policy: SDESPolicy = .off, seed: UInt64 = 6
    ) -> LocalAnswer? {
        var session = LocalSession(id: 1, entropy: Entropy(seed: seed))
        return session.answer(
            LocalAudioAnswer(transport: Ours.rtp, to: offer, codec: .pcma, encryption: policy))
    }

    @Test(arguments: ["RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF"])
    func `an offer with keys is answered with keys on the same protocol`(profile: String) throws {
        let suite = CryptoSuite.aeadAES256GCM
        let offer = try remote(
            profile, ["a=crypto:1 F8_128_HMAC_SHA1_80 inline:x", "a=crypto:5 \(suite.rawValue) \(inline(suite, 3))"])
        let made = try #require(answer(offer))
        #expect(text(made.body).contains("m=audio 20000 \(profile) 8 101\r\n"))
        let line = try #require(lines(made.body).first)
        #expect(lines(made.body).count == 1)
        #expect(line.tag == 5 && line.suite == suite)
        #expect(made.negotiated.crypto == SDESKeys(suite: suite, send: line.key, receive: key(suite, 3)))
    }

    @Test func `the other end's preference decides`() throws {
        let offer = try remote(
            "RTP/SAVP",
            [
                "a=crypto:1 AES_CM_128_HMAC_SHA1_32 \(inline(.aesCM128HMACSHA1_32, 1))",
                "a=crypto:2 AEAD_AES_128_GCM \(inline(.aeadAES128GCM, 2))",
            ])
        #expect(answer(offer)?.negotiated.crypto?.suite == .aesCM128HMACSHA1_32)
    }

    @Test func `SRTP without a key we can use is no audio`() {
        #expect(throws: SDPError.noUsableAudio) { try remote("RTP/SAVP", []) }
        #expect(throws: SDPError.noUsableAudio) {
            try remote("RTP/SAVP", ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(inline(.aesCM128HMACSHA1_80, 1))|2^20|1:4"])
        }
    }

    @Test func `a plain offer is refused where encryption is required`() throws {
        let offer = try remote("RTP/AVP", [])
        #expect(answer(offer, .required) == nil)
        #expect(answer(offer, .optional)?.negotiated.crypto == nil)
        #expect(lines(try #require(answer(offer, .optional)).body).isEmpty)
    }

    @Test func `the other end may change its key while ours stays`() throws {
        var session = LocalSession(id: 1, entropy: Entropy(seed: 7))
        let suite = CryptoSuite.aesCM128HMACSHA1_80
        var keys: [SDESKeys] = []
        for fill in [UInt8(1), 2] {
            let offer = try remote("RTP/SAVP", ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(inline(suite, fill))"])
            let made = session.answer(LocalAudioAnswer(transport: Ours.rtp, to: offer, codec: .pcma))
            keys.append(try #require(made?.negotiated.crypto))
        }
        #expect(keys[0].send == keys[1].send)
        #expect(keys[0].receive != keys[1].receive)
    }

    @Test func `a changed key is news for the media`() throws {
        let suite = CryptoSuite.aesCM128HMACSHA1_80
        let first = try remote("RTP/SAVP", ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(inline(suite, 1))"])
        let second = try remote("RTP/SAVP", ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(inline(suite, 2))"])
        #expect(second.differsInMedia(from: first))
    }

    @Test func `two of us agree on an encrypted stream over IPv6`() throws {
        let address = SocketAddress(ip: try #require(IPAddress("2001:db8::5")), port: 30_000)
        var caller = LocalSession(id: 1, entropy: Entropy(seed: 8))
        var callee = LocalSession(id: 2, entropy: Entropy(seed: 9))
        let offer = caller.offer(LocalAudioOffer(transport: .rtp(address), codecs: [.pcma], encryption: .required))
        #expect(text(offer).contains("c=IN IP6 2001:db8::5\r\n"))
        let read = try RemoteAudio(parsing: offer)
        #expect(read.stream.rtp == address)
        let answer = callee.answer(LocalAudioAnswer(transport: .rtp(address), to: read, codec: .pcma))
        let made = try #require(answer)
        let agreed = try caller.agreed(try RemoteAudio(parsing: made.body))
        #expect(agreed.crypto?.suite == .aeadAES128GCM)
        #expect(agreed.crypto?.send == made.negotiated.crypto?.receive)
        #expect(agreed.crypto?.receive == made.negotiated.crypto?.send)
    }
}
