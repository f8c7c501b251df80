package import Wire

/// Answers the challenges of one server for one account (RFC 3261 22.2).
///
/// The realm is pinned: a challenge for any other is not answered, so that nobody can ask for credentials that are not
/// theirs. Whether the challenge came from the right host is the caller's to know. A server and a proxy of one realm may
/// both ask, so that there is a nonce for each.
package struct DigestClient: Sendable {
    private struct Session {
        let challenge: DigestChallenge
        let header: SIPHeaderName
        var nonceCount: UInt32
    }

    package let username: String
    package let realm: String
    private let secret: DigestSecret
    /// One for Authorization and one for Proxy-Authorization, at most.
    private var sessions: [Session] = []

    package init(username: String, secret: DigestSecret, realm: String) {
        (self.username, self.secret, self.realm) = (username, secret, realm)
    }

    /// Takes up the challenge of a 401 or 407 and puts credentials on a request that is to be sent again.
    ///
    /// False when it must not be: no challenge of the pinned realm and a known algorithm, or the credentials that the
    /// request carried were an answer to a challenge already and were found wrong.
    package mutating func answer(
        _ response: SIPResponse, in request: inout SIPRequest, entropy: inout Entropy
    ) -> Bool {
        guard let (header, challenge) = challenge(of: response) else { return false }
        let index = sessions.firstIndex { $0.header == header }
        if wasRefused(challenge, request, header) {
            if let index { sessions.remove(at: index) }
            return false
        }
        let session = Session(challenge: challenge, header: header, nonceCount: 0)
        if let index { sessions[index] = session } else { sessions.append(session) }
        return authorize(&request, header, entropy: &entropy)
    }

    /// Puts credentials on a request before it is challenged, for everybody who has asked so far; false when nobody has.
    @discardableResult
    package mutating func authorize(_ request: inout SIPRequest, entropy: inout Entropy) -> Bool {
        var isAuthorized = false
        for header in sessions.map(\.header) where authorize(&request, header, entropy: &entropy) {
            isAuthorized = true
        }
        return isAuthorized
    }

    private mutating func authorize(
        _ request: inout SIPRequest, _ header: SIPHeaderName, entropy: inout Entropy
    ) -> Bool {
        guard let index = sessions.firstIndex(where: { $0.header == header }) else { return false }
        sessions[index].nonceCount &+= 1
        let session = sessions[index]
        let protection = DigestProtection(nonceCount: session.nonceCount, clientNonce: entropy.hex(16))
        guard
            let credentials = DigestCredentials(
                answering: session.challenge, username: username, secret: secret, method: request.method,
                uri: request.uri.description, protection: protection)
        else { return false }
        request.headers[header] = credentials.description
        return true
    }

    /// The strongest challenge that can be answered (RFC 8760 2.4), and the header its answer goes into.
    private func challenge(of response: SIPResponse) -> (SIPHeaderName, DigestChallenge)? {
        let isProxy = response.status == 407
        guard isProxy || response.status == 401 else { return nil }
        let challenge = response.headers.all(isProxy ? .proxyAuthenticate : .wwwAuthenticate)
            .prefix(SIPLimits.listValues).lazy.compactMap(DigestChallenge.init)
            .filter { $0.realm == realm && secret.ha1(username: username, realm: realm, $0.algorithm) != nil }
            .max { $0.algorithm.strength < $1.algorithm.strength }
        return challenge.map { (isProxy ? .proxyAuthorization : .authorization, $0) }
    }

    /// Whether the request carried credentials of this realm that were found wrong: the same nonce is asked for again,
    /// or it was its first use.
    ///
    /// A later use may have failed because the nonce grew old on a server that does not say so.
    private func wasRefused(_ challenge: DigestChallenge, _ request: SIPRequest, _ header: SIPHeaderName) -> Bool {
        request.headers.all(header).compactMap(DigestCredentials.init).contains { credentials in
            guard credentials.realm == realm else { return false }
            if credentials.nonce == challenge.nonce { return true }
            return !challenge.isStale && (credentials.protection?.nonceCount ?? 1) == 1
        }
    }
}
