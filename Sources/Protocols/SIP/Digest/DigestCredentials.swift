import Crypto

/// One Authorization or Proxy-Authorization value of the Digest scheme (RFC 7616 3.4, RFC 3261 22.4).
package struct DigestCredentials: Hashable, Sendable {
    package var username: String
    package var realm: String
    package var nonce: String
    /// The digest-uri as it was hashed.
    package var uri: String
    /// Lowercase hexadecimal.
    package var response: String
    package var algorithm: DigestAlgorithm
    package var opaque: String?
    /// Nil for the form of RFC 2069.
    package var protection: DigestProtection?

    /// Reads a header value; nil for another scheme or algorithm, bad syntax, or another protection than "auth".
    package init?(_ value: String) {
        guard let parameters = DigestParameters(value), let username = parameters["username"],
            let realm = parameters["realm"], let nonce = parameters["nonce"], let uri = parameters["uri"],
            let response = parameters["response"], response.utf8.allSatisfy({ $0.hexValue != nil }),
            let algorithm = parameters.algorithm
        else { return nil }
        (self.username, self.realm, self.nonce, self.uri) = (username, realm, nonce, uri)
        (self.response, self.algorithm, opaque) = (response.lowercased(), algorithm, parameters["opaque"])
        guard let quality = parameters["qop"] else { return }
        guard equalIgnoringCase(quality, "auth"), let clientNonce = parameters["cnonce"],
            let count = parameters["nc"], count.utf8.count == 8, let nonceCount = UInt32(count, radix: 16)
        else { return nil }
        protection = DigestProtection(nonceCount: nonceCount, clientNonce: clientNonce)
    }

    /// Answers a challenge; nil when the secret has no hash of its algorithm.
    package init?(
        answering challenge: DigestChallenge, username: String, secret: DigestSecret, method: SIPMethod, uri: String,
        protection: DigestProtection
    ) {
        guard let ha1 = secret.ha1(username: username, realm: challenge.realm, challenge.algorithm) else { return nil }
        (self.username, realm, nonce, self.uri) = (username, challenge.realm, challenge.nonce, uri)
        (algorithm, opaque) = (challenge.algorithm, challenge.opaque)
        self.protection = challenge.offersProtection ? protection : nil
        response = DigestCalculation.response(
            ha1: ha1, method: method, uri: uri, nonce: challenge.nonce, protection: self.protection, algorithm)
    }

    /// Whether the response is the one that this secret makes, told in constant time.
    package func match(_ secret: DigestSecret, method: SIPMethod) -> Bool {
        guard let ha1 = secret.ha1(username: username, realm: realm, algorithm) else { return false }
        let expected = DigestCalculation.response(
            ha1: ha1, method: method, uri: uri, nonce: nonce, protection: protection, algorithm)
        return equalInConstantTime(Array(expected.utf8), Array(response.utf8))
    }
}

extension DigestCredentials: CustomStringConvertible {
    package var description: String {
        var parts = [
            "username=\(Quoting.quoted(username))", "realm=\(Quoting.quoted(realm))",
            "nonce=\(Quoting.quoted(nonce))", "uri=\(Quoting.quoted(uri))", "response=\"\(response)\"",
            "algorithm=\(algorithm.rawValue)",
        ]
        if let opaque { parts.append("opaque=\(Quoting.quoted(opaque))") }
        if let protection {
            parts += ["cnonce=\(Quoting.quoted(protection.clientNonce))", "qop=auth", "nc=\(protection.countText)"]
        }
        return "Digest " + parts.joined(separator: ", ")
    }
}
