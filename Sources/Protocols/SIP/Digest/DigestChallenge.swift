/// One WWW-Authenticate or Proxy-Authenticate value of the Digest scheme (RFC 7616 3.3, RFC 3261 22.4).
package struct DigestChallenge: Hashable, Sendable, CustomStringConvertible {
    package var realm: String
    package var nonce: String
    package var algorithm: DigestAlgorithm
    package var opaque: String?
    /// The credentials were right, only their nonce was too old.
    package var isStale: Bool
    /// Whether `qop` offers "auth"; without it the response is made as RFC 2069 says.
    package var offersProtection: Bool

    package init(
        realm: String, nonce: String, algorithm: DigestAlgorithm, opaque: String? = nil, isStale: Bool = false,
        offersProtection: Bool = true
    ) {
        (self.realm, self.nonce, self.algorithm, self.opaque) = (realm, nonce, algorithm, opaque)
        (self.isStale, self.offersProtection) = (isStale, offersProtection)
    }

    /// Reads a header value; nil for another scheme or algorithm, for bad syntax, and for what can be answered only
    /// with "auth-int".
    package init?(_ value: String) {
        guard let parameters = DigestParameters(value), let realm = parameters["realm"],
            let nonce = parameters["nonce"], let algorithm = parameters.algorithm
        else { return nil }
        let qualities = splitList((parameters["qop"] ?? "").utf8.span)
        let offersProtection = qualities.contains { equalIgnoringCase($0, "auth") }
        guard qualities.isEmpty || offersProtection else { return nil }
        self.init(
            realm: realm, nonce: nonce, algorithm: algorithm, opaque: parameters["opaque"],
            isStale: equalIgnoringCase(parameters["stale"] ?? "", "true"), offersProtection: offersProtection)
    }

    package var description: String {
        var parts = ["realm=\(Quoting.quoted(realm))", "nonce=\(Quoting.quoted(nonce))"]
        if let opaque { parts.append("opaque=\(Quoting.quoted(opaque))") }
        parts.append("algorithm=\(algorithm.rawValue)")
        if isStale { parts.append("stale=true") }
        if offersProtection { parts.append("qop=\"auth\"") }
        return "Digest " + parts.joined(separator: ", ")
    }
}
