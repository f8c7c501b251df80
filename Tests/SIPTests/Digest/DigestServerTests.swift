import Testing
import Wire

@testable import SIP

@Suite struct DigestServerTests {
    private var entropy = Entropy(seed: 7)
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func register(_ uri: String = "sip:example.com") throws -> SIPRequest {
        var request = SIPRequest(.register, try #require(SIPURI(uri)))
        request.headers.from = NameAddress("<sip:alice@example.com>;tag=1")
        return request
    }

    private mutating func server(
        _ algorithms: [DigestAlgorithm] = [.sha256, .md5], capacity: Int = 100
    ) -> DigestServer {
        DigestServer(realm: "example.com", algorithms: algorithms, nonceCapacity: capacity, entropy: &entropy)
    }

    private func credentials(
        _ challenge: DigestChallenge, _ request: SIPRequest, password: String = "secret", count: UInt32 = 1,
        uri: String? = nil
    ) throws -> DigestCredentials {
        try #require(
            DigestCredentials(
                answering: challenge, username: "alice", secret: .password(password), method: request.method,
                uri: uri ?? request.uri.description,
                protection: DigestProtection(nonceCount: count, clientNonce: "c")))
    }

    @Test mutating func `a request with the right answer is accepted`() throws {
        var server = server()
        var request = try register()
        let response = server.challenge(request, toTag: "t", now: start)
        #expect(response.status == 401)
        let offered = response.headers.all(.wwwAuthenticate).compactMap { DigestChallenge($0) }
        #expect(offered.map(\.algorithm) == [.sha256, .md5])
        for (count, challenge) in offered.enumerated() {
            let answer = try credentials(challenge, request, count: UInt32(count + 1))
            request.headers[.authorization] = answer.description
            let found = try #require(server.credentials(in: request.headers))
            #expect(found == answer)
            let verdict = server.verify(found, for: request, secret: .password("secret"), now: start + .seconds(1))
            #expect(verdict == .accepted)
        }
    }

    @Test mutating func `wrong password, unknown account, other method and other address are refused`() throws {
        var server = server()
        let request = try register()
        let challenge = try #require(server.challenges(now: start).first)
        let wrong = try credentials(challenge, request, password: "guess")
        #expect(server.verify(wrong, for: request, secret: .password("secret"), now: start) == .refused)
        let right = try credentials(challenge, request)
        #expect(server.verify(right, for: request, secret: nil, now: start) == .refused)
        let empty = try credentials(challenge, request, password: "")
        #expect(server.verify(empty, for: request, secret: nil, now: start) == .refused)
        var invite = request
        invite.method = .invite
        #expect(server.verify(right, for: invite, secret: .password("secret"), now: start) == .refused)
        let elsewhere = try credentials(challenge, request, uri: "sip:1900@example.com")
        #expect(server.verify(elsewhere, for: request, secret: .password("secret"), now: start) == .refused)
        #expect(server.rememberedNonces == 0)
    }

    @Test mutating func `only hashes of the algorithms an account has are accepted`() throws {
        var server = server()
        let request = try register()
        let secret = DigestSecret.ha1([.md5: DigestAlgorithm.md5.digest("alice:example.com:secret").uppercased()])
        let challenges = server.challenges(now: start)
        for challenge in challenges {
            let verdict = server.verify(
                try credentials(challenge, request), for: request, secret: secret, now: start)
            #expect(verdict == (challenge.algorithm == .md5 ? .accepted : .refused))
        }
    }

    @Test mutating func `a captured answer cannot be used again`() throws {
        var server = server([.md5])
        let request = try register()
        let challenge = try #require(server.challenges(now: start).first)
        let verdicts = try [3, 3, 1, 2, 1, 70, 6, 7, 7, 71].map { count in
            server.verify(
                try credentials(challenge, request, count: UInt32(count)), for: request, secret: .password("secret"),
                now: start)
        }
        let expected: [DigestServer.Verdict] = [
            .accepted, .stale, .accepted, .accepted, .stale, .accepted, .stale, .accepted, .stale, .accepted,
        ]
        #expect(verdicts == expected)
    }

    @Test mutating func `the form without counts works once for each nonce`() throws {
        var server = server([.md5])
        let request = try register()
        var challenge = try #require(server.challenges(now: start).first)
        challenge.offersProtection = false
        let answer = try credentials(challenge, request)
        #expect(answer.protection == nil)
        #expect(server.verify(answer, for: request, secret: .password("secret"), now: start) == .accepted)
        #expect(server.verify(answer, for: request, secret: .password("secret"), now: start) == .stale)
    }

    @Test mutating func `an old nonce is stale, a foreign one too, and a forged one with a wrong answer is refused`()
        throws
    {
        var server = server([.md5])
        var other = self.server([.md5])
        let request = try register()
        let old = try credentials(try #require(server.challenges(now: start).first), request)
        let late = start + .seconds(300)
        #expect(server.verify(old, for: request, secret: .password("secret"), now: late) == .stale)
        let foreign = try credentials(try #require(other.challenges(now: start).first), request)
        #expect(server.verify(foreign, for: request, secret: .password("secret"), now: start) == .stale)
        let future = try credentials(try #require(server.challenges(now: late).first), request)
        #expect(server.verify(future, for: request, secret: .password("secret"), now: start) == .stale)
        let forged = DigestChallenge(realm: "example.com", nonce: "AAAA", algorithm: .md5)
        let guess = try credentials(forged, request, password: "guess")
        #expect(server.verify(guess, for: request, secret: .password("secret"), now: start) == .refused)
        #expect(server.challenges(now: late, isStale: true).map(\.isStale) == [true])
    }

    @Test mutating func `no bit of a nonce can be changed`() throws {
        let key = entropy.bytes(32)
        let nonce = DigestNonce(issued: start, serial: 9)
        let text = nonce.text(key: key)
        #expect(DigestNonce(text, key: key) == nonce)
        for index in text.utf8.indices {
            var bytes = Array(text.utf8)
            let position = text.utf8.distance(from: text.utf8.startIndex, to: index)
            bytes[position] = bytes[position] == UInt8(ascii: "A") ? UInt8(ascii: "Q") : UInt8(ascii: "A")
            let forged = String(decoding: bytes, as: UTF8.self)
            if forged != text { #expect(DigestNonce(forged, key: key) == nil) }
            #expect(DigestNonce(String(text[..<index]), key: key) == nil)
        }
    }

    @Test mutating func `memory is bounded and what is forgotten stays unusable`() throws {
        var server = server([.md5], capacity: 3)
        let request = try register()
        let answers = try (0..<5).map { index in
            let challenge = try #require(server.challenges(now: start + .milliseconds(index)).first)
            return try credentials(challenge, request)
        }
        let now = start + .seconds(1)
        for answer in answers {
            #expect(server.verify(answer, for: request, secret: .password("secret"), now: now) == .accepted)
        }
        #expect(server.rememberedNonces == 3)
        for answer in answers {
            #expect(server.verify(answer, for: request, secret: .password("secret"), now: now) == .stale)
        }
        #expect(server.nextDeadline() == start + .milliseconds(2) + .seconds(300))
        server.forgetExpired(now: start + .seconds(400))
        #expect(server.rememberedNonces == 0)
        #expect(server.nextDeadline() == nil)
    }

    @Test mutating func `credentials for another realm, scheme or algorithm are not taken`() throws {
        let server = server([.sha256])
        var headers = SIPHeaders()
        headers.append(.authorization, "NoOneKnowsThisScheme opaque-data=here")
        headers.append(
            .authorization, "Digest username=\"a\", realm=\"other\", nonce=\"n\", uri=\"sip:a\", response=\"0\"")
        headers.append(
            .authorization,
            "Digest username=\"a\", realm=\"example.com\", nonce=\"n\", uri=\"sip:a\", response=\"0\", algorithm=MD5")
        #expect(server.credentials(in: headers) == nil)
    }
}
