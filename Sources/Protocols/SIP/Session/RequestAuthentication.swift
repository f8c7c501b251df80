package import Wire

/// A user name and secret for one server.
package struct SIPCredentials: Sendable {
    package var username: String
    package var secret: DigestSecret
    /// The only realm they are for; nil while the server's is not known: then the first one that asks, from then on.
    package var realm: String?
    /// Who may be shown them besides the host a session begins with, once the realm is known: the servers they are for.
    package var hosts: Set<IPAddress>

    package init(username: String, secret: DigestSecret, realm: String? = nil, hosts: Set<IPAddress> = []) {
        self.username = username
        self.secret = secret
        self.realm = realm
        self.hosts = hosts
    }
}

/// Answers the challenges to the requests of one session or registration: once for each nonce (RFC 3261 section 22).
package struct RequestAuthentication: Sendable {
    @Sparse private var client: DigestClient?
    /// Challenges since a request last went through.
    private var challenges = 0

    /// More challenges in a row than this are a server that will never be content.
    private static let challengeLimit = 4

    package init() {}

    /// The realm whose challenge was answered.
    package var realm: String? { client?.realm }

    /// The same request with credentials; nil when its challenge was answered before, or is not for us.
    package mutating func answer(
        _ response: SIPResponse, to request: SIPRequest, credentials: SIPCredentials?, entropy: inout Entropy
    ) -> SIPRequest? {
        guard challenges < Self.challengeLimit, let credentials else { return nil }
        challenges += 1
        guard var client = client ?? makeClient(response, credentials) else { return nil }
        var request = request
        let isAnswered = client.answer(response, in: &request, entropy: &entropy)
        self.client = client
        return isAnswered ? request : nil
    }

    /// Puts credentials on a request before it is challenged, when a nonce is known.
    package mutating func authorize(_ request: inout SIPRequest, entropy: inout Entropy) {
        client?.authorize(&request, entropy: &entropy)
    }

    /// A request went through.
    package mutating func succeeded() { challenges = 0 }

    private func makeClient(_ response: SIPResponse, _ credentials: SIPCredentials) -> DigestClient? {
        let header: SIPHeaderName = response.status == 407 ? .proxyAuthenticate : .wwwAuthenticate
        let first = response.headers.all(header).lazy.compactMap(DigestChallenge.init).first
        guard let realm = credentials.realm ?? first?.realm else { return nil }
        return DigestClient(username: credentials.username, secret: credentials.secret, realm: realm)
    }
}

extension SIPRequest {
    /// An ACK carries the credentials its INVITE carried (section 22.1).
    mutating func copyCredentials(from request: SIPRequest?) {
        guard let request else { return }
        headers.copy(.authorization, from: request.headers)
        headers.copy(.proxyAuthorization, from: request.headers)
    }
}
