import COpenSSL
import Wire

/// Whom a certificate names, as SIP reads it (RFC 5922 section 7): one host exactly, and no wildcard.
struct CertificateNames {
    /// Of `sip:` URIs without a user part.
    private(set) var sipDomains: [String] = []
    private(set) var hosts: [String] = []
    private(set) var addresses: [IPAddress] = []
    private var hasAlternatives = false
    private var commonName: String?

    /// Reads an X.509 certificate.
    init(_ certificate: OpaquePointer) {
        hasAlternatives = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0
        commonName = Self.commonName(of: certificate)
        guard let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return }
        let names = OpaquePointer(list)
        defer { GENERAL_NAMES_free(names) }
        for index in 0..<OPENSSL_sk_num(names) {
            guard let entry = OPENSSL_sk_value(names, index) else { continue }
            add(entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee)
        }
    }

    /// Whether the certificate is good for a domain, or for a numeric host.
    func include(_ domain: String) -> Bool {
        if let ip = IPAddress(domain) { return addresses.contains(ip) }
        let wanted = Self.canonical(domain)
        guard !wanted.isEmpty else { return false }
        // A name that a SIP authority gave for SIP outdoes those for other protocols.
        if !sipDomains.isEmpty { return sipDomains.contains(wanted) }
        if hasAlternatives { return hosts.contains(wanted) }
        return commonName == wanted
    }

    /// Everybody it is for, for people to read.
    var all: [String] {
        let found = sipDomains + hosts + addresses.map(\.description)
        return hasAlternatives ? found : [commonName].compactMap(\.self)
    }

    private mutating func add(_ name: GENERAL_NAME) {
        switch name.type {
        case GEN_URI:
            if let domain = Self.text(name.d.uniformResourceIdentifier).flatMap(Self.sipDomain) {
                sipDomains.append(domain)
            }
        case GEN_DNS:
            if let host = Self.text(name.d.dNSName) { hosts.append(Self.canonical(host)) }
        case GEN_IPADD:
            if let ip = Self.address(Self.bytes(name.d.iPAddress)) { addresses.append(ip) }
        default: break
        }
    }

    /// The host of a `sip:` URI; nil with a user part, and for every other scheme (`sips:` too).
    private static func sipDomain(_ uri: String) -> String? {
        guard uri.utf8.count > 4, ASCII.equalIgnoringCase(String(uri.prefix(4)), "sip:"), !uri.contains("@") else {
            return nil
        }
        return canonical(String(uri.dropFirst(4).prefix { !":;?".contains($0) }))
    }

    private static func canonical(_ host: String) -> String {
        (host.hasSuffix(".") ? String(host.dropLast()) : host).lowercased()
    }

    private static func commonName(of certificate: OpaquePointer) -> String? {
        let subject = X509_get_subject_name(certificate)
        let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(subject, index) else { return nil }
        return text(X509_NAME_ENTRY_get_data(entry)).map(canonical)
    }

    private static func address(_ bytes: [UInt8]) -> IPAddress? {
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: return IPAddress(v4: UInt32(truncatingIfNeeded: number(0..<4)))
        case 16: return IPAddress(high: number(0..<8), low: number(8..<16))
        default: return nil
        }
    }

    /// Nil for what is no plain text: a byte of zero in a name has deceived many.
    private static func text(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> String? {
        let bytes = bytes(string)
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func bytes(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string, let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(max(0, ASN1_STRING_length(string)))))
    }
}
