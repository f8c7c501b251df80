import Crypto
import Testing
import Wire

struct TokenTests {
    private let now = WallTime(milliseconds: 1_700_000_000_000)

    private func key(_ secret: String = "a secret of more than thirty-two bytes") throws -> TokenKey {
        try #require(TokenKey(secret: secret))
    }

    private func signed(_ header: String, _ payload: String, _ secret: String) -> String {
        let text = "\(Base64.encodeURL(Array(header.utf8))).\(Base64.encodeURL(Array(payload.utf8)))"
        let code = Hash.sha256.hmac(key: Array(secret.utf8), Array(text.utf8))
        return "\(text).\(Base64.encodeURL(code))"
    }

    @Test func `the signature matches RFC 7515 A.1`() throws {
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let token = [
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ].joined(separator: ".")
        let bytes = try #require(Base64.decode(secret))
        let key = try #require(TokenKey(secret: bytes))
        #expect(try key.open(token).starts(with: Array(#"{"iss":"joe","#.utf8)))
        #expect(throws: TokenError.malformed) { try key.verify(token, now: now) }
    }

    @Test func `a signed token reads back`() throws {
        let claims = TokenClaims(userID: 42, login: "иван", role: "admin", expires: now + .seconds(60))
        let token = try key().sign(claims, issuedAt: now)
        #expect(try key().verify(token, now: now) == claims)
    }

    @Test(arguments: [
        #"{"sub":7}"#, #"{"sub":"7"}"#, #"{"sub":7.0}"#, #"{"userId":7}"#, #"{"id":"7"}"#, #"{"sub":7,"id":8}"#,
    ])
    func `the user is found however the issuer wrote it`(payload: String) throws {
        let token = signed(#"{"alg":"HS256"}"#, payload, "secret")
        #expect(try key("secret").verify(token, now: now).userID == 7)
    }

    @Test(arguments: [#"{}"#, #"{"sub":"seven"}"#, #"{"sub":-1e300}"#, #"{"sub":null}"#, #"[]"#, #""#])
    func `claims without a user are malformed`(payload: String) throws {
        let token = signed(#"{"alg":"HS256"}"#, payload, "secret")
        #expect(throws: TokenError.malformed) { try key("secret").verify(token, now: now) }
    }

    @Test func `a token is refused from its expiry on`() throws {
        let token = try key().sign(TokenClaims(userID: 1, expires: now + .seconds(60)), issuedAt: now)
        #expect(try key().verify(token, now: now + .milliseconds(59_999)).userID == 1)
        #expect(throws: TokenError.expired) { try key().verify(token, now: now + .seconds(60)) }
    }

    @Test func `a token is refused before it is valid`() throws {
        let token = try key().sign(TokenClaims(userID: 1, notBefore: now + .seconds(1)), issuedAt: now)
        #expect(throws: TokenError.notYetValid) { try key().verify(token, now: now) }
    }

    @Test(arguments: ["none", "HS512", "RS256", "hs256"])
    func `the algorithm is never taken from the token`(algorithm: String) throws {
        let token = signed(#"{"alg":"\#(algorithm)"}"#, #"{"sub":1}"#, "secret")
        #expect(throws: TokenError.wrongAlgorithm) { try key("secret").verify(token, now: now) }
        let unsigned = token.split(separator: ".").dropLast().joined(separator: ".") + "."
        #expect(throws: TokenError.badSignature) { try key("secret").verify(unsigned, now: now) }
    }

    @Test func `critical extensions are not understood`() throws {
        let token = signed(#"{"alg":"HS256","crit":["b64"],"b64":false}"#, #"{"sub":1}"#, "secret")
        #expect(throws: TokenError.wrongAlgorithm) { try key("secret").verify(token, now: now) }
    }

    @Test func `a token of another secret is refused`() throws {
        let token = try key("another").sign(TokenClaims(userID: 1), issuedAt: now)
        #expect(throws: TokenError.badSignature) { try key().verify(token, now: now) }
    }

    @Test func `every changed character is refused`() throws {
        let token = try key().sign(TokenClaims(userID: 1, role: "operator"), issuedAt: now)
        // The last character carries four unused bits, which Base64 readers ignore.
        for index in token.indices.dropLast() {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            #expect(throws: TokenError.self) { try key().verify(changed, now: now) }
        }
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "..", "!.!.!", "eyJ9.e30.", String(repeating: "A", count: 9000)])
    func `garbage is refused`(text: String) throws {
        #expect(throws: TokenError.self) { try key().verify(text, now: now) }
    }

    @Test func `an empty secret makes no key`() {
        #expect(TokenKey(secret: "") == nil)
    }

    @Test func `a mark is good for its words and its key alone, and no token`() throws {
        let key = try key()
        let mark = key.mark("path until 5")
        #expect(key.accepts(mark: mark, of: "path until 5"))
        #expect(!key.accepts(mark: mark, of: "path until 6"))
        #expect(try !self.key("another secret").accepts(mark: mark, of: "path until 5"))
        #expect(!key.accepts(mark: "", of: "path until 5"))
        #expect(!key.accepts(mark: String(repeating: "A", count: 65), of: "path until 5"))
        let token = key.sign(TokenClaims(userID: 1), issuedAt: WallTime(milliseconds: 0))
        let parts = token.split(separator: ".")
        #expect(!key.accepts(mark: String(parts[2]), of: "\(parts[0]).\(parts[1])"))
    }
}
