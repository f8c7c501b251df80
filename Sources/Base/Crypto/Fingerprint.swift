internal import COpenSSL
internal import Wire

/// A certificate's digest as `a=fingerprint` carries it (RFC 8122 section 5): `sha-256 4A:AD:…`.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The hash functions accepted, weakest first; MD2 and MD5 are forbidden by the RFC.
    package enum Algorithm: String, CaseIterable, Comparable, Sendable {
        case sha1 = "sha-1"
        case sha224 = "sha-224"
        case sha256 = "sha-256"
        case sha384 = "sha-384"
        case sha512 = "sha-512"

        package static func < (left: Algorithm, right: Algorithm) -> Bool { left.byteCount < right.byteCount }

        fileprivate var byteCount: Int {
            switch self {
            case .sha1: 20
            case .sha224: 28
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }

        private var digest: OpaquePointer? {
            switch self {
            case .sha1: EVP_sha1()
            case .sha224: EVP_sha224()
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        }

        fileprivate func hash(_ bytes: [UInt8]) -> [UInt8] {
            var output = [UInt8](repeating: 0, count: byteCount)
            let done = EVP_Digest(bytes, bytes.count, &output, nil, digest, nil)
            precondition(done == 1, "a digest of memory fails only when OpenSSL is built without it")
            return output
        }
    }

    package let algorithm: Algorithm
    package let digest: [UInt8]

    /// The fingerprint of a certificate in DER.
    package init(_ algorithm: Algorithm, ofCertificate certificate: [UInt8]) {
        self.algorithm = algorithm
        digest = algorithm.hash(certificate)
    }

    /// Reads an algorithm name and hexadecimal pairs; nil for an unknown algorithm or a digest of the wrong length.
    package init?(algorithm name: String, hex: String) {
        guard let algorithm = Algorithm(rawValue: name.lowercased()),
            let digest = Hex.decode(String(decoding: hex.utf8.filter { $0 != ASCII.colon }, as: UTF8.self)),
            digest.count == algorithm.byteCount
        else { return nil }
        (self.algorithm, self.digest) = (algorithm, digest)
    }

    /// Reads the attribute's value.
    package init?(_ text: String) {
        let parts = ASCII.split(text, at: ASCII.space)
        guard parts.count == 2 else { return nil }
        self.init(algorithm: String(parts[0]), hex: String(parts[1]))
    }

    /// The attribute's value: `sha-256 4A:AD:…`.
    package var description: String { "\(algorithm.rawValue) \(hex)" }

    /// The digest alone, in uppercase pairs joined by colons.
    package var hex: String {
        var text: [UInt8] = []
        text.reserveCapacity(3 * digest.count)
        for byte in digest {
            if !text.isEmpty { text.append(ASCII.colon) }
            text.append(Self.digits[Int(byte >> 4)])
            text.append(Self.digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Whether `certificate` is the one a peer announced (RFC 8122 section 5).
    ///
    /// Of several algorithms the strongest decides; of several fingerprints made by it any may match.
    package static func match(_ announced: [Fingerprint], certificate: [UInt8]) -> Bool {
        guard let strongest = announced.map(\.algorithm).max() else { return false }
        let actual = Fingerprint(strongest, ofCertificate: certificate)
        return announced.contains { $0.algorithm == strongest && equalInConstantTime($0.digest, actual.digest) }
    }
}
