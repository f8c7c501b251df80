internal import COpenSSL
package import Wire

/// A certificate with its private key, as plain DER, so that it can go to any thread.
///
/// DTLS makes one for each run (RFC 8827 section 6.5); HTTPS keeps one as PEM.
package struct Certificate: Sendable {
    /// X.509 in DER.
    package let certificate: [UInt8]
    /// PKCS #8 in DER; a secret, never logged.
    package let privateKey: [UInt8]

    private init(certificate: [UInt8], privateKey: [UInt8]) {
        (self.certificate, self.privateKey) = (certificate, privateKey)
    }

    /// What a certificate is for, besides its common name.
    package enum AlternativeName: Hashable, Sendable {
        case host(String)
        case address(IPAddress)
        /// A SIP domain as RFC 5922 names it: `sip:example.com`.
        case uri(String)
    }

    package func fingerprint(_ algorithm: Fingerprint.Algorithm = .sha256) -> Fingerprint {
        Fingerprint(algorithm, ofCertificate: certificate)
    }

    /// The certificate in PEM.
    package var certificatePEM: String { PEM.encode(certificate, label: "CERTIFICATE") }
    /// The private key in PEM, PKCS #8; a secret, never logged.
    package var privateKeyPEM: String { PEM.encode(privateKey, label: "PRIVATE KEY") }

    /// Reads back what `certificatePEM` and `privateKeyPEM` wrote, or an operator's own pair (of a chain: the first).
    package init(certificatePEM: String, privateKeyPEM: String) throws(CryptoError) {
        guard let handle = X509Handle(pem: certificatePEM), let key = KeyHandle(pem: privateKeyPEM),
            let certificate = handle.der(), let privateKey = key.der()
        else { throw .unreadablePEM }
        guard X509_check_private_key(handle.pointer, key.pointer) == 1 else { throw .keyMismatch }
        self.init(certificate: certificate, privateKey: privateKey)
    }

    /// Makes a self-signed ECDSA P-256 certificate, valid from a day before `now` (peers' clocks differ) for `days`.
    package static func selfSigned(
        commonName: String, names: [AlternativeName] = [], now: WallTime, days: Int = 30
    ) throws(CryptoError) -> Certificate {
        guard let key = KeyHandle.generateP256() else { throw .unavailable(operation: "key generation") }
        guard let builder = X509Handle.empty() else { throw .unavailable(operation: "certificate") }
        guard builder.fill(commonName: commonName, key: key), builder.setValidity(now: now, days: days),
            builder.addExtensions(names), X509_sign(builder.pointer, key.pointer, EVP_sha256()) > 0,
            let certificate = builder.der(), let privateKey = key.der()
        else { throw .unavailable(operation: "signing a certificate") }
        return Certificate(certificate: certificate, privateKey: privateKey)
    }

    /// The names for HTTPS on this machine: `localhost`, both loopback addresses, and those given.
    package static func localNames(hosts: [String], addresses: [IPAddress]) -> [AlternativeName] {
        let loopback = [IPAddress.loopbackIPv4, IPAddress(high: 0, low: 1)]
        let all =
            (["localhost"] + hosts).map(AlternativeName.host) + (loopback + addresses).map(AlternativeName.address)
        return all.reduce(into: []) { unique, name in if !unique.contains(name) { unique.append(name) } }
    }

    /// Whether it is for this host or address; no for a URI, which servers of others alone look at.
    package func names(_ name: AlternativeName) -> Bool {
        guard let handle = X509Handle(der: certificate) else { return false }
        return switch name {
        case .host(let host): X509_check_host(handle.pointer, host, host.utf8.count, 0, nil) == 1
        case .address(let address): X509_check_ip_asc(handle.pointer, "\(address)", 0) == 1
        case .uri: false
        }
    }

    /// The last moment of validity, nil when it cannot be read.
    package var expires: WallTime? { X509Handle(der: certificate)?.notAfter() }
}
