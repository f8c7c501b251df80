import Crypto
import Testing
import Wire

struct PasswordHashTests {
    @Test func `a password is known again and no other is`() {
        var entropy = Entropy(seed: 1)
        let hash = PasswordHash.make("пароль", cost: .generated, using: &entropy)
        #expect(hash.hasPrefix("$scrypt$ln=10,r=8,p=1$"))
        #expect(PasswordHash.verify("пароль", against: hash))
        #expect(!PasswordHash.verify("пароль ", against: hash))
        #expect(!PasswordHash.verify("", against: hash))
    }

    @Test func `the same password is stored differently each time`() {
        var entropy = Entropy(seed: 1)
        let first = PasswordHash.make("x", cost: .generated, using: &entropy)
        #expect(PasswordHash.make("x", cost: .generated, using: &entropy) != first)
    }

    /// RFC 7914 §12: scrypt("password", "NaCl", N=1024, r=8, p=16), of which the first 32 bytes.
    @Test func `the vector of RFC 7914 verifies`() throws {
        let hash = try #require(Hex.decode("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"))
        let stored = "$scrypt$ln=10,r=8,p=16$\(Base64.encode(Array("NaCl".utf8)))$\(Base64.encode(hash))"
        #expect(PasswordHash.verify("password", against: stored))
    }

    @Test(arguments: [
        "", "$", "$$$$", "$argon2id$ln=10,r=8,p=1$TmFDbA$AAAA", "$scrypt$ln=99,r=8,p=1$TmFDbA$AAAA",
        "$scrypt$ln=10,r=8$TmFDbA$AAAA", "$scrypt$ln=10,r=8,p=1$TmFDbA$", "$scrypt$r=8,ln=10,p=1$TmFDbA$AAAA",
    ]) func `what is no hash of ours lets nobody in`(stored: String) {
        #expect(!PasswordHash.verify("", against: stored))
        #expect(!PasswordHash.verify("password", against: stored))
    }
}
