import Crypto
import Testing
import Wire

struct HashTests {
    @Test func `digests match their published vectors`() {
        #expect(Hex.encode(Hash.md5("abc")) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(Hex.encode(Hash.sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            Hex.encode(Hash.sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Hex.encode(Hash.sha512_256("abc")) == "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23")
    }

    @Test func `HMAC-SHA1 matches RFC 2202 case 2`() {
        let code = Hash.sha1.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(Hex.encode(code) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    }

    @Test func `HMAC-SHA256 matches RFC 4231 case 6, whose key is longer than a block`() {
        let key = [UInt8](repeating: 0xAA, count: 131)
        let code = Hash.sha256.hmac(key: key, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        #expect(Hex.encode(code) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func `Base64 reads back what it wrote`(text: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64.decode(Base64.encodeURL(bytes)) == bytes)
    }

    @Test func `Base64 matches RFC 4648`() {
        #expect(Base64.encode(Array("fooba".utf8)) == "Zm9vYmE=")
        #expect(Base64.decode("Zm9vYmE=") == Array("fooba".utf8))
        #expect(Base64.decode("Zm9v!") == nil)
    }
}
