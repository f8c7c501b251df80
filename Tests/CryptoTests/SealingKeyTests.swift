import Crypto
import Testing
import Wire

struct SealingKeyTests {
    @Test(arguments: [0, 1, 15, 16, 17, 1000]) func `what is sealed is opened by its key and purpose alone`(count: Int)
        throws
    {
        var entropy = Entropy(seed: 7)
        let key = SealingKey(using: &entropy)
        let plain = entropy.bytes(count)
        let sealed = try key.seal(plain, purpose: "a", using: &entropy)
        #expect(sealed.count == count + 28)
        #expect(key.open(sealed, purpose: "a") == plain)
        #expect(key.open(sealed, purpose: "b") == nil)
        #expect(SealingKey(using: &entropy).open(sealed, purpose: "a") == nil)
        #expect(try key.seal(plain, purpose: "a", using: &entropy) != sealed)
        for place in stride(from: 0, to: sealed.count, by: 7) {
            var damaged = sealed
            damaged[place] ^= 1
            #expect(key.open(damaged, purpose: "a") == nil)
        }
    }

    /// Test cases 13 and 14 of the GCM specification (McGrew and Viega): an all-zero key and nonce.
    @Test func `it is AES-256-GCM`() throws {
        let key = try #require(
            Hex.decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").flatMap(SealingKey.init))
        #expect(key.hexadecimal == "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        #expect("\(key)" == "<key>")
        #expect(SealingKey([1]) == nil)
        #expect(key.open(Array(repeating: 0, count: 27), purpose: "") == nil)
        let zero = try #require(SealingKey([UInt8](repeating: 0, count: 32)))
        let sealed = [UInt8](repeating: 0, count: 12) + (Hex.decode("530f8afbc74536b9a963b4f1c4cb738b") ?? [])
        #expect(zero.open(sealed, purpose: "") == [])
        let one =
            [UInt8](repeating: 0, count: 12)
            + (Hex.decode("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919") ?? [])
        #expect(zero.open(one, purpose: "") == [UInt8](repeating: 0, count: 16))
    }
}
