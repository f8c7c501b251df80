import Crypto
import Testing
import Wire

struct CertificateTests {
    private let now = WallTime(milliseconds: 1_700_000_000_000)

    private func make(_ names: [Certificate.AlternativeName] = []) throws -> Certificate {
        try Certificate.selfSigned(commonName: "tandem", names: names, now: now, days: 30)
    }

    @Test func `PEM reads back as the same certificate and key`() throws {
        let made = try make()
        let read = try Certificate(certificatePEM: made.certificatePEM, privateKeyPEM: made.privateKeyPEM)
        #expect(read.certificate == made.certificate)
        #expect(read.privateKey == made.privateKey)
        #expect(read.fingerprint() == made.fingerprint())
    }

    @Test func `validity counts from the given time`() throws {
        #expect(try make().expires == now + .seconds(30 * 86_400))
    }

    @Test func `each certificate has a key of its own`() throws {
        #expect(try make().fingerprint() != make().fingerprint())
    }

    @Test func `a key of another certificate is refused`() throws {
        let (left, right) = (try make(), try make())
        #expect(throws: CryptoError.self) {
            try Certificate(certificatePEM: left.certificatePEM, privateKeyPEM: right.privateKeyPEM)
        }
        #expect(throws: CryptoError.self) { try Certificate(certificatePEM: "x", privateKeyPEM: "") }
    }

    @Test func `names for HTTPS are in the certificate`() throws {
        let address = try #require(IPAddress("192.0.2.7"))
        let names = Certificate.localNames(hosts: ["pbx.example.org", "bad,IP:6.6.6.6"], addresses: [address])
        let bytes = try make(names).certificate
        for expected in [Array("localhost".utf8), Array("pbx.example.org".utf8), [127, 0, 0, 1], [192, 0, 2, 7]] {
            #expect(contains(expected, in: bytes))
        }
        #expect(!contains([6, 6, 6, 6], in: bytes))
    }

    @Test func `a certificate says whether it is for a host or an address`() throws {
        let (address, other) = (try #require(IPAddress("192.0.2.7")), try #require(IPAddress("192.0.2.8")))
        let six = try #require(IPAddress("2001:db8::7"))
        let made = try make(Certificate.localNames(hosts: ["pbx.example.org"], addresses: [address, six]))
        for name in [.host("localhost"), .host("pbx.example.org"), .address(address), .address(six)]
            as [Certificate.AlternativeName]
        {
            #expect(made.names(name))
        }
        for name in [.host("example.org"), .host("192.0.2.7"), .address(other), .uri("sip:pbx.example.org")]
            as [Certificate.AlternativeName]
        {
            #expect(!made.names(name))
        }
    }

    private func contains(_ part: [UInt8], in bytes: [UInt8]) -> Bool {
        (0...(bytes.count - part.count)).contains { Array(bytes[$0..<$0 + part.count]) == part }
    }
}

struct FingerprintTests {
    @Test func `a fingerprint reads back and ignores case`() throws {
        let text = "sha-256 " + (0..<32).map { _ in "AB" }.joined(separator: ":")
        let fingerprint = try #require(Fingerprint(text))
        #expect(fingerprint.description == text)
        #expect(Fingerprint(text.lowercased()) == fingerprint)
        #expect(Fingerprint(algorithm: "SHA-256", hex: fingerprint.hex) == fingerprint)
    }

    @Test(arguments: ["", "sha-256", "sha-256 AB", "md5 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00", "sha-1 zz"])
    func `forbidden hashes and broken digests are refused`(text: String) {
        #expect(Fingerprint(text) == nil)
    }

    @Test(arguments: Fingerprint.Algorithm.allCases)
    func `the strongest announced hash decides`(algorithm: Fingerprint.Algorithm) {
        let certificate: [UInt8] = [1, 2, 3]
        let good = Fingerprint(algorithm, ofCertificate: certificate)
        let bad = Fingerprint(algorithm, ofCertificate: [4])
        #expect(Fingerprint.match([good], certificate: certificate))
        #expect(Fingerprint.match([bad, good], certificate: certificate))
        #expect(!Fingerprint.match([bad], certificate: certificate))
        #expect(!Fingerprint.match([], certificate: certificate))
        let weaker = Fingerprint(.sha1, ofCertificate: certificate)
        if algorithm != .sha1 { #expect(!Fingerprint.match([weaker, bad], certificate: certificate)) }
    }
}
