package import Wire

/// What is registered where.
package struct RegistrationTarget: Sendable {
    /// The Request-URI: the domain of the registrar.
    package var registrar: SIPURI
    /// To and From: who shall be reachable.
    package var address: NameAddress
    /// Where calls shall come.
    package var contact: NameAddress
    package var credentials: SIPCredentials?
    /// Seconds asked for.
    package var expires: UInt32

    package init(
        registrar: SIPURI, address: NameAddress, contact: NameAddress, credentials: SIPCredentials?,
        expires: UInt32 = 600
    ) {
        self.registrar = registrar
        self.address = address
        self.contact = contact
        self.credentials = credentials
        self.expires = expires
    }
}

/// Keeps one address registered at a server (RFC 3261 section 10.2): refreshes early, backs off when refused.
///
/// It makes requests and is told their outcome; whoever drives it owns the transactions.
package struct RegistrationClient: Sendable {
    package enum State: Sendable, Equatable {
        /// Not started, or stopped and gone.
        case idle
        /// A REGISTER is out for the first time, or after a failure.
        case registering
        case registered
        /// Waits to try again: what the server said, or what went wrong.
        case failed(String)
        /// The REGISTER that takes the contact away is out.
        case unregistering
    }

    package private(set) var state = State.idle
    /// The route the registrar wants our requests to take (RFC 3608).
    package private(set) var serviceRoute: [NameAddress] = []
    package private(set) var target: RegistrationTarget
    private let callID: String
    private let fromTag: String
    private var sequence: UInt32 = 0
    private var expires: UInt32
    /// The REGISTER that is out.
    private var pending: SIPRequest?
    private var authentication = RequestAuthentication()
    private var failures = 0
    /// When to refresh or to try again.
    private var wakeUp: Instant?
    /// When the registrar forgets us, unless a refresh gets through.
    private var validUntil: Instant?
    private var entropy: Entropy

    /// The first wait after a failure; doubled with each, up to `longestWait` (RFC 5626 section 4.5).
    static let firstWait: Duration = .seconds(10)
    static let longestWait: Duration = .seconds(600)
    /// The longest interval a 423 may push us to.
    static let longestExpires: UInt32 = 86_400

    package init(target: RegistrationTarget, entropy: Entropy) {
        self.target = target
        self.entropy = entropy
        callID = self.entropy.hex(16)
        fromTag = self.entropy.hex(8)
        expires = target.expires
    }

    /// Whether calls can come: true also while a refresh is out, but not once it failed.
    package var isRegistered: Bool { validUntil != nil }
    /// The realm that was answered; credentials are for it alone from now on.
    package var realm: String? { authentication.realm }
    package var nextDeadline: Instant? {
        switch (wakeUp, validUntil) {
        case (let first?, let second?): min(first, second)
        case (let first, let second): first ?? second
        }
    }

    // MARK: Commands; each answers with the request to send, if there is one

    package mutating func start(now: Instant) -> SIPRequest? {
        guard state == .idle else { return nil }
        state = .registering
        return register()
    }

    /// Takes the contact away; nothing needs to be waited for.
    package mutating func stop() -> SIPRequest? {
        wakeUp = nil
        validUntil = nil
        guard state != .idle, state != .unregistering else { return nil }
        state = .unregistering
        expires = 0
        return register()
    }

    /// Registers again in a few seconds, whatever was planned: the way it rested on broke, or opened again.
    package mutating func hurry(now: Instant) {
        guard state != .idle, state != .unregistering, pending == nil else { return }
        let soon = now + Self.firstWait * Double.random(in: 0.1...0.5, using: &entropy)
        wakeUp = min(wakeUp ?? soon, soon)
    }

    package mutating func advance(to now: Instant) -> SIPRequest? {
        if let end = validUntil, end <= now {
            validUntil = nil
            if state == .registered { state = .registering }
        }
        guard let wakeUp, wakeUp <= now else { return nil }
        self.wakeUp = nil
        if state != .registered { state = .registering }
        return pending == nil ? register() : nil
    }

    // MARK: Outcomes

    package mutating func receive(_ response: SIPResponse, now: Instant) -> SIPRequest? {
        guard response.isFinal, let request = pending else { return nil }
        pending = nil
        switch response.status {
        case 200..<300:
            authentication.succeeded()
            accepted(response, now)
            return nil
        case 401, 407:
            let again = authentication.answer(
                response, to: request, credentials: target.credentials, entropy: &entropy)
            guard let again else { return failed(response, now) }
            return send(again)
        case 423 where state != .unregistering:
            guard let minimum = response.headers.minExpires, minimum > expires, minimum <= Self.longestExpires
            else { return failed(response, now) }
            expires = minimum
            return register()
        default: return failed(response, now)
        }
    }

    /// No answer came.
    package mutating func requestFailed(_ failure: TransactionFailure, now: Instant) {
        guard pending != nil else { return }
        pending = nil
        fail(failure == .timeout ? "no answer" : "no connection", retryAfter: nil, now)
    }

    private mutating func accepted(_ response: SIPResponse, _ now: Instant) {
        if state == .unregistering {
            state = .idle
            return
        }
        let granted = grantedSeconds(response)
        guard granted > 0 else { return fail("not granted", retryAfter: nil, now) }
        failures = 0
        state = .registered
        // A server that let us in is the one the credentials are for.
        if let realm = authentication.realm { target.credentials?.realm = realm }
        serviceRoute = response.headers.addresses(.serviceRoute)
        validUntil = now + .seconds(granted)
        // Early enough for a few lost messages, and not at the same moment as everybody else.
        let share = Double.random(in: 0.75...0.9, using: &entropy)
        wakeUp = now + .milliseconds(Int64(Double(granted) * 1000 * share))
    }

    /// What the registrar says of our contact, or of all, or what we asked for.
    private func grantedSeconds(_ response: SIPResponse) -> UInt32 {
        let contacts = response.headers.contacts
        let ours = contacts.first { $0.uri.isEquivalent(to: target.contact.uri) } ?? contacts.first
        return min(ours?.expires ?? response.headers.expires ?? expires, Self.longestExpires)
    }

    private mutating func failed(_ response: SIPResponse, _ now: Instant) -> SIPRequest? {
        fail("\(response.status) \(response.reason)", retryAfter: response.headers.retryAfter, now)
        return nil
    }

    private mutating func fail(_ why: String, retryAfter: UInt32?, _ now: Instant) {
        if state == .unregistering {
            state = .idle
            return
        }
        state = .failed(why)
        // The registrar may remember us until what it granted runs out, but nothing says that it is still there.
        validUntil = nil
        authentication = RequestAuthentication()
        failures += 1
        let doubled = Self.firstWait * (1 << min(failures - 1, 10))
        let longest = min(doubled, Self.longestWait)
        let wait = longest * Double.random(in: 0.5...1, using: &entropy)
        let asked = Duration.seconds(min(retryAfter ?? 0, 3600))
        wakeUp = now + max(wait, asked)
    }

    private mutating func register() -> SIPRequest? {
        var request = SIPRequest(.register, target.registrar)
        request.headers.maxForwards = 70
        var from = target.address
        from.tag = fromTag
        request.headers.from = from
        request.headers.to = target.address
        request.headers.callID = callID
        request.headers.contacts = [target.contact]
        request.headers.expires = expires
        request.headers.supported = ["path"]
        authentication.authorize(&request, entropy: &entropy)
        return send(request)
    }

    /// Every REGISTER of one registration has the same Call-ID and the next CSeq (section 10.2).
    private mutating func send(_ request: SIPRequest) -> SIPRequest {
        var request = request
        sequence &+= 1
        request.headers.cseq = CSeq(sequence, .register)
        pending = request
        return request
    }
}
