import Directory
import SIP
import Wire

/// One server of a trunk: the target it was found by, and the way to it.
struct TrunkServer: Hashable {
    let target: TrunkTarget
    let flow: Flow

    init(target: TrunkTarget, flow: Flow) { (self.target, self.flow) = (target, flow) }

    init(target: TrunkTarget, _ destination: SIPDestination) {
        self.init(target: target, flow: Flow(destination))
    }
}

extension Flow {
    /// The way to a server the name service led to; only TLS asks for its name.
    init(_ destination: SIPDestination) {
        self.init(
            transport: destination.transport, remote: destination.address,
            domain: destination.transport == .tls ? destination.domain : nil)
    }
}

extension SIPTarget {
    /// What is looked up for one target of a trunk.
    init(_ target: TrunkTarget) {
        self.init(
            host: target.host, port: target.port, transport: target.transport.map { SIPTransport($0.rawValue) },
            isSecure: target.transport == .tls)
    }
}

/// Whether a server answers, as OPTIONS and everything else sent to it tell.
struct ServerHealth {
    enum State {
        case unknown
        case alive
        case dead
    }

    private(set) var state = State.unknown
    /// Until when the server wants to be left alone (503 with Retry-After).
    private var outUntil: Instant?
    /// When it is asked next; nil: never, or an answer is awaited.
    private(set) var probeAt: Instant?
    /// Until when the answer to OPTIONS is waited for.
    private(set) var answerBy: Instant?

    /// How long an OPTIONS may go unanswered: four of them have been sent by then.
    static let patience: Duration = .seconds(6)
    /// How soon a dead server is asked again, where the trunk does not ask more often.
    static let revival: Duration = .seconds(10)
    /// How long a server that was silent is taken for dead when it is never asked.
    static let oblivion: Duration = .seconds(30)
    /// The longest time a server may send us away for.
    static let longestAbsence: UInt32 = 3600

    init(probeAt: Instant?) { self.probeAt = probeAt }

    func isOut(_ now: Instant) -> Bool { outUntil.map { $0 > now } ?? false }

    var nextDeadline: Instant? { [probeAt, answerBy].compactMap(\.self).min() }

    mutating func probed(now: Instant) {
        probeAt = nil
        answerBy = now + Self.patience
    }

    /// A response came from it: to a probe (`interval` until the next), or to anything else.
    mutating func answered(now: Instant, interval: Duration?) {
        state = .alive
        settle(now, interval)
    }

    /// Nothing came back, or the answer was that nobody is there.
    mutating func silent(now: Instant, interval: Duration?) {
        state = .dead
        settle(now, interval.map { min($0, Self.revival) } ?? Self.oblivion)
    }

    /// Something went wrong there: it is asked at once, or, if it never is, taken for dead for a while.
    mutating func suspect(now: Instant, interval: Duration?) {
        if interval == nil { silent(now: now, interval: nil) } else if answerBy == nil { probeAt = now }
    }

    mutating func stayAway(seconds: UInt32, now: Instant) {
        outUntil = now + .seconds(min(seconds, Self.longestAbsence))
    }

    /// A server that is never asked is given another chance.
    mutating func forget() {
        state = .unknown
        (probeAt, answerBy) = (nil, nil)
    }

    private mutating func settle(_ now: Instant, _ interval: Duration?) {
        answerBy = nil
        probeAt = interval.map { now + $0 }
    }
}
