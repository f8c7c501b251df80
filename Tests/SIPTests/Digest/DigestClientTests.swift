import Testing
import Wire

@testable import SIP

@Suite struct DigestClientTests {
    private var entropy = Entropy(seed: 11)
    private var client = DigestClient(username: "trunk", secret: .password("secret"), realm: "pbx.example")

    private func invite() throws -> SIPRequest {
        SIPRequest(.invite, try #require(SIPURI("sip:100@pbx.example")))
    }

    private func challenge(
        _ status: Int = 401, realm: String = "pbx.example", nonce: String = "n1", algorithm: String = "MD5",
        stale: Bool = false
    ) -> SIPResponse {
        var response = SIPResponse(status)
        let stale = stale ? ", stale=true" : ""
        response.headers.append(
            status == 407 ? .proxyAuthenticate : .wwwAuthenticate,
            "Digest realm=\"\(realm)\", nonce=\"\(nonce)\", algorithm=\(algorithm), qop=\"auth\"\(stale)")
        return response
    }

    private func sent(_ request: SIPRequest, _ header: SIPHeaderName = .authorization) throws -> DigestCredentials {
        try #require(request.headers[header].flatMap { DigestCredentials($0) })
    }

    @Test mutating func `a challenge of the pinned realm is answered in its header`() throws {
        for (status, header) in [(401, SIPHeaderName.authorization), (407, .proxyAuthorization)] {
            var request = try invite()
            let done = client.answer(challenge(status), in: &request, entropy: &entropy)
            #expect(done)
            let credentials = try sent(request, header)
            #expect(credentials.match(.password("secret"), method: .invite))
            #expect(credentials.uri == "sip:100@pbx.example")
        }
    }

    @Test mutating func `a challenge of another realm gets nothing`() throws {
        var request = try invite()
        for response in [challenge(realm: "evil.example"), challenge(algorithm: "SHA-1"), challenge(403)] {
            let done = client.answer(response, in: &request, entropy: &entropy)
            #expect(!done)
        }
        let authorized = client.authorize(&request, entropy: &entropy)
        #expect(!authorized)
        #expect(request.headers[.authorization] == nil)
    }

    @Test mutating func `the strongest challenge that can be answered is taken, wherever it stands`() throws {
        var response = challenge(realm: "evil.example")
        response.headers.append(.wwwAuthenticate, "Digest realm=\"pbx.example\", nonce=\"a\", algorithm=SHA-1")
        response.headers.append(.wwwAuthenticate, "Digest realm=\"pbx.example\", nonce=\"b\", algorithm=SHA-256")
        response.headers.append(.wwwAuthenticate, "Digest realm=\"pbx.example\", nonce=\"c\"")
        var request = try invite()
        let done = client.answer(response, in: &request, entropy: &entropy)
        #expect(done)
        #expect(try sent(request).algorithm == .sha256)
        #expect(try sent(request).protection == nil)
        response = challenge(nonce: "weak")
        response.headers.append(
            .wwwAuthenticate,
            "Digest realm=\"pbx.example\", nonce=\"strong\", algorithm=SHA-512-256, qop=\"auth,auth-int\"")
        var second = try invite()
        let isDone = client.answer(response, in: &second, entropy: &entropy)
        #expect(isDone)
        #expect(try sent(second).nonce == "strong")
        #expect(try sent(second).protection != nil)
    }

    @Test mutating func `a proxy and a server that both ask are both answered, and again in later requests`() throws {
        var request = try invite()
        var done = client.answer(challenge(407, nonce: "p"), in: &request, entropy: &entropy)
        #expect(done)
        done = client.answer(challenge(401, nonce: "s"), in: &request, entropy: &entropy)
        #expect(done)
        #expect(try sent(request, .proxyAuthorization).nonce == "p")
        #expect(try sent(request).nonce == "s")
        var later = try invite()
        done = client.authorize(&later, entropy: &entropy)
        #expect(done)
        #expect(try sent(later, .proxyAuthorization).protection?.nonceCount == 2)
        #expect(try sent(later).protection?.nonceCount == 2)
    }

    @Test(arguments: [false, true])
    mutating func `no nonce is answered twice, however it is called`(stale: Bool) throws {
        var request = try invite()
        var done = client.answer(challenge(nonce: "n1"), in: &request, entropy: &entropy)
        #expect(done)
        done = client.answer(challenge(nonce: "n1", stale: stale), in: &request, entropy: &entropy)
        #expect(!done)
        var next = try invite()
        done = client.authorize(&next, entropy: &entropy)
        #expect(!done)
    }

    @Test mutating func `wrong credentials are sent once, not for ever`() throws {
        var request = try invite()
        var done = client.answer(challenge(nonce: "n1"), in: &request, entropy: &entropy)
        #expect(done)
        done = client.answer(challenge(nonce: "n2"), in: &request, entropy: &entropy)
        #expect(!done)
        done = client.authorize(&request, entropy: &entropy)
        #expect(!done)
    }

    @Test mutating func `a nonce that grew old is replaced`() throws {
        var request = try invite()
        var done = client.answer(challenge(nonce: "n1"), in: &request, entropy: &entropy)
        #expect(done)
        done = client.answer(challenge(nonce: "n2", stale: true), in: &request, entropy: &entropy)
        #expect(done)
        #expect(try sent(request).nonce == "n2")
        // Counted on in later requests; a server that drops a used nonce without a word gets one more answer.
        var next = try invite()
        done = client.authorize(&next, entropy: &entropy)
        #expect(done)
        #expect(try sent(next).protection?.nonceCount == 2)
        done = client.answer(challenge(nonce: "n3"), in: &next, entropy: &entropy)
        #expect(done)
        #expect(try sent(next).nonce == "n3")
        #expect(try sent(next).protection?.nonceCount == 1)
    }

    @Test mutating func `client and server understand each other in every algorithm`() throws {
        let now = Instant(nanoseconds: 5)
        for algorithm in DigestAlgorithm.allCases {
            var server = DigestServer(realm: "pbx.example", algorithms: [algorithm], entropy: &entropy)
            var request = try invite()
            let done = client.answer(
                server.challenge(request, toTag: "t", now: now), in: &request, entropy: &entropy)
            #expect(done)
            for _ in 0..<3 {
                let found = try #require(server.credentials(in: request.headers))
                #expect(server.verify(found, for: request, secret: .password("secret"), now: now) == .accepted)
                client.authorize(&request, entropy: &entropy)
            }
        }
    }
}
