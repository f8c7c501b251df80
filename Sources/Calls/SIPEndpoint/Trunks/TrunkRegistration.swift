import Directory
import SIP
import Wire

/// One account of ours at a trunk, kept registered with the first of the trunk's servers that takes it.
///
/// A REGISTER that a server does not answer, or answers with 503, goes to the next before its client hears of it.
struct TrunkRegistration {
    /// Never used twice, so that a late answer finds nobody.
    let id: UInt64
    let credentials: TrunkCredentials
    private(set) var client: RegistrationClient
    /// Where the latest REGISTER went.
    private(set) var flow: Flow
    private var request: SIPRequest?
    /// The servers that are left for this REGISTER.
    private var untried: [Flow] = []
    /// When the next of them gets it.
    private var tryUntil: Instant?

    init(id: UInt64, credentials: TrunkCredentials, target: RegistrationTarget, flow: Flow, entropy: Entropy) {
        (self.id, self.credentials, self.flow) = (id, credentials, flow)
        client = RegistrationClient(target: target, entropy: entropy)
    }

    /// A REGISTER and where it goes.
    struct Outgoing {
        let request: SIPRequest
        let flow: Flow
    }

    var nextDeadline: Instant? {
        switch (client.nextDeadline, tryUntil) {
        case (let refresh?, let retry?): min(refresh, retry)
        case (let refresh, let retry): refresh ?? retry
        }
    }

    func isDue(_ now: Instant) -> Bool { nextDeadline.map { $0 <= now } ?? false }

    var failure: String? { if case .failed(let why) = client.state { why } else { nil } }

    // MARK: Sending

    /// `servers` in the order they are tried; `patience` is how long each may be silent while others are left.
    mutating func start(servers: [Flow], patience: Duration, now: Instant) -> Outgoing? {
        client.start(now: now).flatMap { begin($0, servers, patience, now) }
    }

    mutating func stop() -> Outgoing? {
        (untried, tryUntil) = ([], nil)
        return client.stop().map { Outgoing(request: $0, flow: flow) }
    }

    mutating func advance(to now: Instant, servers: [Flow], patience: Duration) -> Outgoing? {
        if let tryUntil, tryUntil <= now { return next(patience, now) }
        return client.advance(to: now).flatMap { begin($0, servers, patience, now) }
    }

    /// Registers again before long: the way broke that the registration rested on, or a server came back.
    mutating func hurry(now: Instant) { client.hurry(now: now) }

    private mutating func begin(
        _ request: SIPRequest, _ servers: [Flow], _ patience: Duration, _ now: Instant
    ) -> Outgoing? {
        self.request = request
        untried = servers.isEmpty ? [flow] : servers
        return next(patience, now)
    }

    private mutating func next(_ patience: Duration, _ now: Instant) -> Outgoing? {
        guard let request, !untried.isEmpty else { return nil }
        flow = untried.removeFirst()
        tryUntil = untried.isEmpty ? nil : now + patience
        return Outgoing(request: request, flow: flow)
    }

    // MARK: Outcomes

    mutating func receive(_ response: SIPResponse, patience: Duration, now: Instant) -> Outgoing? {
        guard response.isFinal else {
            tryUntil = nil
            return nil
        }
        if response.status == 503 || response.status == 408, !untried.isEmpty { return next(patience, now) }
        (untried, tryUntil) = ([], nil)
        // A challenge is answered where it came from.
        guard let again = client.receive(response, now: now) else { return nil }
        request = again
        return Outgoing(request: again, flow: flow)
    }

    mutating func failed(_ failure: TransactionFailure, patience: Duration, now: Instant) -> Outgoing? {
        if !untried.isEmpty { return next(patience, now) }
        tryUntil = nil
        client.requestFailed(failure, now: now)
        return nil
    }
}
