import RTP
import Testing

struct SRTPVectorTests {
    @Test func `keys are derived as in RFC 3711 appendix B 3`() throws {
        let master = SRTPMasterKey(
            key: hex("E1F97A0D3E018BE0D64FA32C06DE4139"), salt: hex("0EC675AD498AFEEBB6960B3AABE6"))
        let keys = try SRTPSessionKeys(.aesCM128HMACSHA1_80, master)
        #expect(keys.cipherKey == hex("C61E7A93744F39EE10734AFE3FF7A087"))
        #expect(keys.salt == hex("30CBBC08863D8C85D49DB34A9AE1"))
        #expect(keys.authenticationKey == hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"))
    }

    @Test func `the keystream is that of RFC 3711 appendix B 2`() throws {
        let keys = SRTPSessionKeys(
            cipherKey: hex("2B7E151628AED2A6ABF7158809CF4F3C"), salt: hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"),
            authenticationKey: [UInt8](repeating: 1, count: 20),
            controlCipherKey: hex("2B7E151628AED2A6ABF7158809CF4F3C"), controlSalt: hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"),
            controlAuthenticationKey: [UInt8](repeating: 1, count: 20))
        let engine = try OpenSSLSRTP(.aesCM128HMACSHA1_80, keys, .outbound)
        var buffer = PacketBuffer(packet(sequence: 0, ssrc: 0, payload: [UInt8](repeating: 0, count: 48)))
        buffer.length = try engine.protect(buffer.bytes, length: buffer.length)
        #expect(buffer.length == 12 + 48 + 10)
        let keystream = Array(buffer.contents[12..<60])
        #expect(
            keystream
                == hex(
                    "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
                ))
    }

    private let gcm = SRTPSessionKeys(
        cipherKey: hex("000102030405060708090a0b0c0d0e0f"), salt: hex("517569642070726f2071756f"),
        authenticationKey: [], controlCipherKey: hex("000102030405060708090a0b0c0d0e0f"),
        controlSalt: hex("517569642070726f2071756f"), controlAuthenticationKey: [])

    private let gcmPlain = hex(
        """
        8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 \
        6573
        """)

    private let gcmProtected = hex(
        """
        8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf \
        8833899d 7f27beb1 6a9152cf 765ee439 0cce
        """)

    @Test func `AEAD_AES_128_GCM seals and opens as in RFC 7714 section 16 1`() throws {
        let sender = try OpenSSLSRTP(.aeadAES128GCM, gcm, .outbound)
        var buffer = PacketBuffer(gcmPlain)
        buffer.length = try sender.protect(buffer.bytes, length: buffer.length)
        #expect(buffer.contents == gcmProtected)
        let receiver = try OpenSSLSRTP(.aeadAES128GCM, gcm, .inbound)
        buffer.length = try receiver.unprotect(buffer.bytes, length: buffer.length)
        #expect(buffer.contents == gcmPlain)
    }

    @Test func `SRTCP under AEAD_AES_128_GCM opens as in RFC 7714 section 17 1`() throws {
        let plain = hex(
            """
            81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef \
            deadbeef
            """)
        let protected = hex(
            """
            81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded \
            0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4
            """)
        let receiver = try OpenSSLSRTP(.aeadAES128GCM, gcm, .inbound)
        var buffer = PacketBuffer(protected)
        buffer.length = try receiver.unprotectControl(buffer.bytes, length: buffer.length)
        #expect(buffer.contents == plain)
    }

    private let longGCM = SRTPSessionKeys(
        cipherKey: hex("000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f"),
        salt: hex("517569642070726f2071756f"), authenticationKey: [],
        controlCipherKey: hex("000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f"),
        controlSalt: hex("517569642070726f2071756f"), controlAuthenticationKey: [])

    @Test func `AEAD_AES_256_GCM seals and opens as in RFC 7714 section 16 2`() throws {
        let protected = hex(
            """
            8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 \
            b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13
            """)
        let sender = try OpenSSLSRTP(.aeadAES256GCM, longGCM, .outbound)
        var buffer = PacketBuffer(gcmPlain)
        buffer.length = try sender.protect(buffer.bytes, length: buffer.length)
        #expect(buffer.contents == protected)
        let receiver = try OpenSSLSRTP(.aeadAES256GCM, longGCM, .inbound)
        buffer.length = try receiver.unprotect(buffer.bytes, length: buffer.length)
        #expect(buffer.contents == gcmPlain)
    }

    @Test func `a short tag is four bytes on RTP and ten on RTCP`() throws {
        let key = SRTPMasterKey(key: [UInt8](repeating: 3, count: 16), salt: [UInt8](repeating: 4, count: 14))
        let engine = try OpenSSLSRTP(.aesCM128HMACSHA1_32, key, .outbound)
        var media = PacketBuffer(packet(sequence: 1, ssrc: 1, payload: [1, 2, 3]))
        #expect(try engine.protect(media.bytes, length: media.length) == 12 + 3 + 4)
        media = PacketBuffer(hex("80c80006 00000005") + [UInt8](repeating: 0, count: 20))
        #expect(try engine.protectControl(media.bytes, length: media.length) == 28 + 4 + 10)
    }

    @Test func `a master key never prints itself`() {
        let key = SRTPMasterKey(key: [222], salt: [173])
        #expect("\(key)" == "<secret>")
        #expect(String(reflecting: key) == "<secret>")
    }

    @Test func `a key of the wrong length is refused`() {
        for profile in ProtectionProfile.allCases {
            let short = SRTPMasterKey(key: [1, 2, 3], salt: [UInt8](repeating: 0, count: profile.saltLength))
            #expect(throws: SRTPError.invalidKey) { _ = try OpenSSLSRTP(profile, short, .outbound) }
            #expect(throws: SRTPError.invalidKey) { _ = try LibSRTP(profile, short, .outbound) }
        }
    }
}
