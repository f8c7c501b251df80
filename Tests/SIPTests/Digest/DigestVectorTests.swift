import Testing

@testable import SIP

@Suite struct DigestVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let algorithm: DigestAlgorithm
        let username: String
        let realm: String
        let password: String
        let uri: String
        let nonce: String
        let clientNonce: String
        let response: String
    }

    static let vectors = [
        Vector(
            testDescription: "RFC 2617 3.5, MD5", algorithm: .md5, username: "Mufasa", realm: "testrealm@host.com",
            password: "Circle Of Life", uri: "/dir/index.html", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            clientNonce: "0a4f113b", response: "6629fae49393a05397450978507c4ef1"),
        Vector(
            testDescription: "RFC 7616 3.9.1, MD5", algorithm: .md5, username: "Mufasa",
            realm: "http-auth@example.org", password: "Circle of Life", uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            response: "8ca523f5e9506fed4657c9700eebdbec"),
        Vector(
            testDescription: "RFC 7616 3.9.1, SHA-256", algorithm: .sha256, username: "Mufasa",
            realm: "http-auth@example.org", password: "Circle of Life", uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            response: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        // The RFC's own figure was made with an early draft of SHA-512/256 (erratum 4897).
        Vector(
            testDescription: "RFC 7616 3.9.2 with erratum 4897, SHA-512-256", algorithm: .sha512_256,
            username: "J\u{E4}s\u{F8}n Doe", realm: "api@example.org", password: "Secret, or not?", uri: "/doe.json",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            clientNonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            response: "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"),
    ]

    @Test(arguments: vectors)
    func `the published responses come out of password and of hash`(_ vector: Vector) throws {
        let challenge = DigestChallenge(realm: vector.realm, nonce: vector.nonce, algorithm: vector.algorithm)
        let ha1 = vector.algorithm.digest("\(vector.username):\(vector.realm):\(vector.password)")
        for secret in [DigestSecret.password(vector.password), .ha1([vector.algorithm: ha1])] {
            let credentials = try #require(
                DigestCredentials(
                    answering: challenge, username: vector.username, secret: secret, method: SIPMethod("GET"),
                    uri: vector.uri,
                    protection: DigestProtection(nonceCount: 1, clientNonce: vector.clientNonce)))
            #expect(credentials.response == vector.response)
            #expect(credentials.match(secret, method: SIPMethod("GET")))
            #expect(DigestCredentials(credentials.description) == credentials)
        }
    }

    @Test func `the header of RFC 2617 3_5 is read`() throws {
        let credentials = try #require(
            DigestCredentials(
                """
                Digest username="Mufasa", realm="testrealm@host.com", \
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, \
                cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", \
                opaque="5ccc069c403ebaf9f0171e9517f40e41"
                """))
        #expect(credentials.algorithm == .md5)
        #expect(credentials.protection == DigestProtection(nonceCount: 1, clientNonce: "0a4f113b"))
        #expect(credentials.match(.password("Circle Of Life"), method: SIPMethod("GET")))
        #expect(!credentials.match(.password("Circle Of Life"), method: SIPMethod("POST")))
        #expect(!credentials.match(.password("circle of life"), method: SIPMethod("GET")))
    }

    @Test func `the challenge of RFC 3261 20_44 is read and written`() throws {
        let challenge = try #require(
            DigestChallenge(
                """
                Digest realm="atlanta.com", domain="sip:boxesbybob.com", qop="auth", \
                nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5
                """))
        #expect(challenge.realm == "atlanta.com")
        #expect(challenge.opaque == "")
        #expect(!challenge.isStale)
        #expect(challenge.offersProtection)
        #expect(DigestChallenge(challenge.description) == challenge)
    }

    @Test(arguments: [
        "", "Digest", "Digest ", "Basic YTpi", "Digest realm", "Digest realm=", "Digest realm=\"a",
        "Digest realm=\"a\" nonce=\"b\"", "Digest realm=\"a\", nonce=\"b\", realm=\"c\"",
        "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-1", "Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\"",
        "Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess",
        "Digest " + (0...40).map { "p\($0)=1" }.joined(separator: ", ") + ", realm=\"a\", nonce=\"b\"",
    ])
    func `what is no answerable challenge is not read`(_ value: String) {
        #expect(DigestChallenge(value) == nil)
    }

    @Test(arguments: [
        "response=\"6\\\"b\"", "response=\"\\\\\"", "response=xyz", "nc=1", "qop=auth-int", "nc=0000000g",
    ])
    func `what is no answer is not read`(_ parameter: String) {
        let rest = "username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:d\""
        let others = parameter.hasPrefix("response") ? "" : ", response=00, cnonce=e"
        let quality = parameter.hasPrefix("nc") ? ", qop=auth" : ""
        #expect(DigestCredentials("Digest \(rest)\(others)\(quality), \(parameter)") == nil)
    }

    @Test func `quotes in a name cannot break out of it`() throws {
        let challenge = DigestChallenge(realm: "a\", stale=true, x=\"\r\nVia: evil", nonce: "n", algorithm: .md5)
        let read = try #require(DigestChallenge(challenge.description))
        #expect(!read.isStale)
        #expect(read.realm == "a\", stale=true, x=\"  Via: evil")
    }

    @Test func `a secret does not show itself`() {
        let secret = DigestSecret.password("hunter2")
        #expect(!"\(secret) \(String(reflecting: secret)) \(Mirror(reflecting: secret).children)".contains("hunter2"))
    }
}
