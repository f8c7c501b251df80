import Directory
import SIP
import Wire

/// One way a call may take.
struct HuntAttempt {
    let flow: Flow
    /// The trunk it leaves by; nil for an address that was dialled itself.
    let trunk: String?
    /// The trunk's target that led to the server.
    let target: TrunkTarget?
    /// The Request-URI, where it is not made from the number: a dialled address, or what a redirection said.
    var uri: SIPURI?

    init(flow: Flow, trunk: String, target: TrunkTarget, uri: SIPURI? = nil) {
        (self.flow, self.trunk, self.target, self.uri) = (flow, trunk, target, uri)
    }

    init(flow: Flow, uri: SIPURI) {
        (self.flow, trunk, target, self.uri) = (flow, nil, nil, uri)
    }
}

/// A call on its way through servers and trunks until one of them takes it; one leg for all of it.
struct Hunt {
    let request: OutgoingInvite
    let callID: String
    private(set) var untried: [HuntAttempt]
    private(set) var current: HuntAttempt?
    private(set) var hasRung = false
    /// Redirections followed so far.
    private var redirections = 0
    /// When the INVITE that is out may be given up for the next server.
    private(set) var giveUpAt: Instant?
    private var startedAt = Instant.zero
    /// How the last attempt failed, for when there is none left.
    private(set) var failure: Failure?

    static let redirectionLimit = 5

    /// How an attempt failed, and who says so.
    struct Failure {
        let status: Int
        let reason: String
        let origin: RejectionOrigin

        init(_ status: Int, reason: String? = nil, _ origin: RejectionOrigin) {
            (self.status, self.reason, self.origin) = (status, reason ?? SIPStatus.phrase(status), origin)
        }
    }

    init(_ request: OutgoingInvite, callID: String, attempts: [HuntAttempt]) {
        (self.request, self.callID, untried) = (request, callID, attempts)
    }

    /// Goes on to the next way.
    mutating func next(patience: Duration, now: Instant) -> HuntAttempt? {
        hasRung = false
        current = untried.isEmpty ? nil : untried.removeFirst()
        startedAt = now
        giveUpAt = current == nil || untried.isEmpty ? nil : now + patience
        return current
    }

    mutating func failed(_ failure: Failure) { self.failure = failure }

    /// A provisional response came: the server is there, and has its time.
    mutating func heard() { giveUpAt = nil }

    mutating func rang() { (giveUpAt, hasRung) = (nil, true) }

    /// Whether the call goes on after an attempt that ended with a status.
    mutating func goesOn(after failure: Failure, ringLimit: Duration, now: Instant) -> Bool {
        self.failure = failure
        // Nobody picked up for as long as we wait for anybody.
        guard now - startedAt < ringLimit else { return false }
        return FailoverRule.goesOn(after: failure.status, hasRung: hasRung)
    }

    /// Whether the attempt lasted as long as a server may be silent.
    func wasSilent(for limit: Duration, now: Instant) -> Bool { !hasRung && now - startedAt >= limit }

    /// Puts what a 3xx named before everything else; false when there was nothing, or too much before.
    mutating func redirect(to attempts: [HuntAttempt]) -> Bool {
        let room = max(0, Self.redirectionLimit - redirections)
        guard !attempts.isEmpty, room > 0 else { return false }
        let taken = attempts.prefix(room)
        redirections += taken.count
        untried = taken + untried
        return true
    }
}
