import Wire

@testable import SIP

/// Two user agents and a bad link between them, in virtual time, from one seed.
final class SimulatedLink {
    enum End: Int, CaseIterable {
        case left
        case right

        var other: End { self == .left ? .right : .left }
        var address: SocketAddress { SocketAddress(ip: IPAddress(v4: 0xC000_0201 + UInt32(rawValue)), port: 5060) }
    }

    struct Weather {
        var loss = 0.0
        var duplication = 0.0
        /// The one-way delay; its spread reorders.
        var delay: ClosedRange<Int> = 5...5
    }

    private enum Happening {
        case datagram([UInt8], to: End)
        case action(() -> Void)
    }

    private(set) var now = Instant.zero
    var weather: Weather
    /// Drops what it answers true for, besides what the weather drops.
    var filter: (SIPMessage, End) -> Bool = { _, _ in false }
    /// Changes every message on its way.
    var rewrite: (SIPMessage) -> SIPMessage = { $0 }
    /// Everything that was sent, lost or not.
    private(set) var sent: [(from: End, message: SIPMessage)] = []
    private(set) var events: [(end: End, session: SessionID, event: SessionEvent)] = []
    var react: (End, SessionID, SessionEvent) -> Void = { _, _, _ in }
    var invited: (End, SIPRequest, Flow) -> Void = { _, _, _ in }
    private var agents: [UserAgent]
    private var queue = TimerQueue<Happening>()
    var random: Entropy
    /// What each end uses in sessions begun from now on, the left first.
    var options = [SessionOptions(), SessionOptions()]
    let transport: SIPTransport

    init(seed: UInt64, weather: Weather = Weather(), transport: SIPTransport = .udp) {
        random = Entropy(seed: seed)
        self.weather = weather
        self.transport = transport
        let methods: [SIPMethod] = [.invite, .ack, .bye, .cancel, .options, .prack, .update, .info, .refer, .notify]
        let validator = SIPRequestValidator(allowedMethods: methods, extensions: [], bodies: [:])
        let profile = UserAgentProfile(name: "test", allowed: methods, supported: [])
        agents = End.allCases.map {
            UserAgent(
                profile: profile, validator: validator, entropy: Entropy(seed: seed &* 31 &+ UInt64($0.rawValue)))
        }
    }

    /// Changes one agent, then delivers what that caused.
    @discardableResult
    func with<Result>(_ end: End, _ change: (inout UserAgent) -> Result) -> Result {
        let result = change(&agents[end.rawValue])
        drain(end)
        return result
    }

    func after(_ delay: Duration, _ action: @escaping () -> Void) {
        queue.schedule(at: now + delay, .action(action))
    }

    /// Runs until nothing is left to happen, or until a moment.
    func run(until limit: Instant = Instant(nanoseconds: .max - 1)) {
        while let next = nextMoment(), next <= limit {
            now = max(now, next)
            while let happening = queue.popExpired(now) { perform(happening) }
            for end in End.allCases where (agents[end.rawValue].nextDeadline() ?? .never) <= now {
                with(end) { $0.advance(to: now) }
            }
        }
        if limit.nanoseconds < .max - 1 { now = max(now, limit) }
    }

    func run(for duration: Duration) { run(until: now + duration) }

    var isIdle: Bool { agents.allSatisfy { $0.sessionCount == 0 && $0.transactionCount == 0 } }

    /// The tag of the right end in the latest response it sent to an INVITE.
    var fork: String {
        let tags = sent.compactMap { from, message in
            if from == .right, case .response(let response) = message { response.headers.to?.tag } else { nil }
        }
        return tags.last ?? ""
    }

    func events(of end: End) -> [SessionEvent] { events.filter { $0.end == end }.map(\.event) }

    func endings(of end: End) -> [SessionEnding] {
        events(of: end).compactMap { if case .ended(let ending) = $0 { ending } else { nil } }
    }

    func requests(_ method: SIPMethod, from end: End) -> [SIPRequest] {
        sent.compactMap { from, message in
            guard from == end, case .request(let request) = message, request.method == method else { return nil }
            return request
        }
    }

    func responses(_ status: Int, to method: SIPMethod, from end: End) -> [SIPResponse] {
        sent.compactMap { from, message in
            guard from == end, case .response(let response) = message, response.status == status,
                response.headers.cseq?.method == method
            else { return nil }
            return response
        }
    }

    func peer(of end: End) -> SessionPeer {
        SessionPeer(
            flow: Flow(transport: transport, remote: end.other.address), isSymmetric: false, sentBy: end.address,
            contact: NameAddress(uri: SIPURI(user: "\(end)", address: end.address)),
            options: options[end.rawValue])
    }

    func setOptions(_ left: SessionOptions, _ right: SessionOptions) { options = [left, right] }

    /// Has the right end take the next INVITE; its session is told when there is one.
    func welcome(_ then: @escaping (SessionID) -> Void) {
        invited = { [unowned self] end, invite, flow in
            let peer = peer(of: end)
            if let id = with(end, { $0.beginSession(invite, from: flow, peer: peer, now: self.now) }) { then(id) }
        }
    }

    /// A call that is set up at once; the sessions of both ends.
    func talk() -> (left: SessionID, right: SessionID) {
        var callee: SessionID?
        welcome { [unowned self] id in
            callee = id
            with(.right) { $0.accept(id, sdp: [2], now: self.now) }
        }
        let caller = call(from: .left)
        run(for: .seconds(1))
        return (caller, callee ?? caller)
    }

    /// A request of one end's dialog as it would send it next: taken from what it sent last.
    func forge(_ method: SIPMethod, from end: End, sequence: UInt32) -> SIPRequest? {
        let dialogue: [SIPMethod] = [.ack, .bye, .prack, .update, .notify, .refer]
        let last = sent.last { from, message in
            guard from == end, case .request(let request) = message else { return false }
            return dialogue.contains(request.method)
        }
        guard case .request(var request)? = last?.message else { return nil }
        request.method = method
        request.headers.cseq = CSeq(sequence, method)
        request.headers.topVia?.branch = "z9hG4bKforged\(sequence)\(method)"
        request.setSDP(nil)
        return request
    }

    /// A call from one end to the other.
    @discardableResult
    func call(from end: End, offer: [UInt8]? = Array("offer".utf8)) -> SessionID {
        let uri = SIPURI(user: "\(end.other)", address: end.other.address)
        let call = OutgoingSession(
            uri: uri, from: NameAddress(uri: SIPURI(user: "\(end)", address: end.address)),
            to: NameAddress(uri: uri), offer: offer, peer: peer(of: end))
        return with(end) { $0.call(call, now: now) }
    }

    /// Puts a message in as if it came from the other end.
    func inject(_ message: SIPMessage, to end: End) {
        with(end) {
            $0.receive(message, from: Flow(transport: transport, remote: end.other.address), now: now)
        }
    }

    private func nextMoment() -> Instant? {
        var next = queue.nextDeadline()
        for index in agents.indices {
            guard let deadline = agents[index].nextDeadline() else { continue }
            next = next.map { min($0, deadline) } ?? deadline
        }
        return next
    }

    private func perform(_ happening: Happening) {
        switch happening {
        case .action(let action): action()
        case .datagram(let bytes, let end):
            guard let message = try? SIPParser.parse(bytes) else { return }
            inject(message, to: end)
        }
    }

    private func drain(_ end: End) {
        for output in agents[end.rawValue].takeOutputs() {
            switch output {
            case .transmit(let bytes, _): transmit(bytes, from: end)
            case .request(let request, let flow): invited(end, request, flow)
            case .session(let id, let event):
                events.append((end, id, event))
                react(end, id, event)
            case .recognized, .response, .failed: break
            }
        }
    }

    private func transmit(_ bytes: [UInt8], from end: End) {
        guard let original = try? SIPParser.parse(bytes) else { return }
        let message = rewrite(original)
        sent.append((end, message))
        if filter(message, end) { return }
        let copies = chance(weather.duplication) ? 2 : 1
        for _ in 0..<copies where !chance(weather.loss) {
            let delay = Duration.milliseconds(Int.random(in: weather.delay, using: &random))
            queue.schedule(at: now + delay, .datagram(message.serialized(), to: end.other))
        }
    }

    private func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }
}
