import COpenSSL
import Glibc
package import Wire

/// What a TLS peer showed of itself, for people.
package struct PeerCertificate: Hashable, Sendable {
    /// Whom it is for: domains, hosts and addresses.
    package let names: [String]
    /// The common name of whoever signed it, or else the organization.
    package let issuer: String
    package let expires: WallTime

    /// Reads an X.509 certificate.
    init(_ certificate: OpaquePointer) {
        names = CertificateNames(certificate).all
        let authority = X509_get_issuer_name(certificate)
        issuer =
            Self.entry(authority, NID_commonName) ?? Self.entry(authority, NID_organizationName) ?? "somebody unnamed"
        var end = tm()
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end)
        expires = WallTime(milliseconds: Int64(timegm(&end)) &* 1000)
    }

    package init(names: [String], issuer: String, expires: WallTime) {
        (self.names, self.issuer, self.expires) = (names, issuer, expires)
    }

    private static func entry(_ name: OpaquePointer?, _ identifier: Int32) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        guard X509_NAME_get_text_by_NID(name, identifier, &text, Int32(text.count)) > 0 else { return nil }
        let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        // It is printed: nothing may steer the terminal.
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline && ($0.asciiValue ?? 0x20) >= 0x20 }
    }
}
