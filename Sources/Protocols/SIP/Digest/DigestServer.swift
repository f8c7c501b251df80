package import Wire

/// Challenges requests and checks their credentials (RFC 3261 22, RFC 7616, RFC 8760).
///
/// A nonce is good for a limited time, and each of its counts once. Memory is spent on verified nonces only and is
/// bounded: when there are too many, the oldest are declared stale, never forgotten into being usable again.
package struct DigestServer: Sendable {
    /// The verdict on credentials.
    package enum Verdict: Hashable, Sendable {
        case accepted
        /// The user and password are right, but the nonce is too old or was used: challenge again with `stale`.
        case stale
        /// Wrong, or for something else: challenge again without `stale`, or answer 403.
        case refused
    }

    package let realm: String
    /// In the order of preference, the strongest first.
    package let algorithms: [DigestAlgorithm]
    /// How long a nonce may be used.
    package let nonceLifetime: Duration
    /// Nonces whose counts are remembered.
    package let nonceCapacity: Int

    private let key: [UInt8]
    private var lastSerial: UInt32 = 0
    private var windows: [DigestNonce: NonceCountWindow] = [:]
    private var expiries = TimerQueue<DigestNonce>()
    /// Nonces made no later than this are stale, for their counts are forgotten.
    private var forgottenUntil: Instant?

    package init(
        realm: String, algorithms: [DigestAlgorithm] = [.sha256, .md5], nonceLifetime: Duration = .seconds(300),
        nonceCapacity: Int = 65_536, entropy: inout Entropy
    ) {
        (self.realm, self.algorithms) = (realm, algorithms)
        (self.nonceLifetime, self.nonceCapacity) = (nonceLifetime, nonceCapacity)
        key = entropy.bytes(32)
    }

    /// How many nonces are remembered.
    package var rememberedNonces: Int { windows.count }

    // MARK: Challenging

    /// One challenge for each algorithm, in order (RFC 8760 2.3); all share a nonce.
    package mutating func challenges(now: Instant, isStale: Bool = false) -> [DigestChallenge] {
        lastSerial &+= 1
        let nonce = DigestNonce(issued: now, serial: lastSerial).text(key: key)
        return algorithms.map { DigestChallenge(realm: realm, nonce: nonce, algorithm: $0, isStale: isStale) }
    }

    /// A 401 with fresh challenges.
    package mutating func challenge(
        _ request: SIPRequest, toTag: String, now: Instant, isStale: Bool = false
    ) -> SIPResponse {
        var response = SIPResponse(to: request, status: 401, toTag: toTag)
        for challenge in challenges(now: now, isStale: isStale) {
            response.headers.append(.wwwAuthenticate, challenge.description)
        }
        return response
    }

    // MARK: Checking

    /// The credentials of a request that are for this realm and an algorithm it was challenged with.
    package func credentials(in headers: SIPHeaders) -> DigestCredentials? {
        headers.all(.authorization).prefix(SIPLimits.listValues).lazy.compactMap(DigestCredentials.init)
            .first { $0.realm == realm && algorithms.contains($0.algorithm) }
    }

    /// Checks credentials against the secret of the account they name; nil stands for an account that does not exist.
    package mutating func verify(
        _ credentials: DigestCredentials, for request: SIPRequest, secret: DigestSecret?, now: Instant
    ) -> Verdict {
        // An unknown account costs as much time as a wrong password.
        let isKnown = secret != nil
        let isRight = credentials.match(secret ?? .password(""), method: request.method)
        guard isKnown, isRight, credentials.realm == realm, algorithms.contains(credentials.algorithm),
            isMeant(credentials.uri, for: request.uri)
        else { return .refused }
        guard let nonce = DigestNonce(credentials.nonce, key: key), isFresh(nonce, now) else { return .stale }
        // Without a count a nonce can be used once.
        let isFirstUse = accept(credentials.protection?.nonceCount ?? 1, of: nonce)
        return isFirstUse ? .accepted : .stale
    }

    /// The digest-uri names the resource of the request; parameters and ports, which proxies change, do not count.
    private func isMeant(_ digestURI: String, for uri: SIPURI) -> Bool {
        guard let named = SIPURI(digestURI) else { return false }
        return named.user == uri.user && equalIgnoringCase(named.host, uri.host)
    }

    private func isFresh(_ nonce: DigestNonce, _ now: Instant) -> Bool {
        if let forgottenUntil, nonce.issued <= forgottenUntil { return false }
        return nonce.issued <= now && now < nonce.issued + nonceLifetime
    }

    private mutating func accept(_ count: UInt32, of nonce: DigestNonce) -> Bool {
        guard windows[nonce] == nil else { return windows[nonce]?.accept(count) ?? false }
        var window = NonceCountWindow()
        guard window.accept(count) else { return false }
        windows[nonce] = window
        expiries.schedule(at: nonce.issued + nonceLifetime, nonce)
        while windows.count > nonceCapacity, let oldest = expiries.popExpired(.never) {
            windows[oldest] = nil
            forgottenUntil = max(forgottenUntil ?? .zero, oldest.issued)
        }
        return true
    }

    /// When `forgetExpired` has something to do.
    package mutating func nextDeadline() -> Instant? { expiries.nextDeadline() }

    /// Drops the counts of nonces that are too old to be used.
    package mutating func forgetExpired(now: Instant) {
        while let nonce = expiries.popExpired(now) { windows[nonce] = nil }
    }
}
