import Testing
import Wire

@testable import SIP

/// Whole calls over a link that loses, doubles and reorders, with both sides doing things at random.
struct LossyLinkTests {
    @Test(arguments: 0..<20)
    func `on a bad link every session ends exactly once and leaves nothing behind`(block: Int) {
        var happened: [String: Int] = [:]
        for seed in (block * 100)..<(block * 100 + 100) {
            let calls = RandomCalls(seed: UInt64(seed))
            let fault = calls.play()
            #expect(fault == nil, "seed \(seed)")
            happened.merge(calls.happened, uniquingKeysWith: +)
        }
        // The link is bad, but not so bad that nothing ever works.
        for name in [
            "established", "offerAnswered", "remote", "cancelled", "rejected", "answeredWithOffer", "offerWanted",
            "transferProgress",
        ] {
            #expect(happened[name, default: 0] > 0, "no \(name) in block \(block): \(happened)")
        }
    }
}

/// A few calls between two agents, both of which act at random moments.
private final class RandomCalls {
    private let link: SimulatedLink
    private var began: [SimulatedLink.End: Set<SessionID>] = [:]
    private var transfers: [SimulatedLink.End: [SessionID]] = [:]

    init(seed: UInt64) {
        let weather = SimulatedLink.Weather(loss: 0.3, duplication: 0.2, delay: 5...400)
        link = SimulatedLink(seed: seed, weather: weather)
        let reliabilities: [SessionOptions.Reliability] = [.off, .supported, .supported, .required]
        let timers: [Duration?] = [nil, .seconds(90), .seconds(120)]
        link.options = SimulatedLink.End.allCases.map { _ in
            SessionOptions(
                reliable: reliabilities.randomElement(using: &link.random) ?? .off,
                timer: timers.randomElement(using: &link.random) ?? nil)
        }
        link.invited = { [unowned self] in answer($0, $1, $2) }
        link.react = { [unowned self] in react($0, $1, $2) }
    }

    /// Nil when all is well, else what is wrong.
    func play() -> String? {
        for end in SimulatedLink.End.allCases {
            link.after(milliseconds(0...50)) { [unowned self] in begin(from: end) }
        }
        link.run()
        for (end, sessions) in began {
            for session in sessions {
                let events = link.events.filter { $0.end == end && $0.session == session }.map(\.event)
                let endings = events.count { if case .ended = $0 { true } else { false } }
                if endings != 1 { return "\(endings) endings of \(session) on the \(end): \(events)" }
                guard case .ended = events.last else { return "something after the end: \(events)" }
                let asked = transfers[end, default: []].count { $0 == session }
                let outcomes = events.count { if case .transferProgress(200...) = $0 { true } else { false } }
                if asked != outcomes { return "\(outcomes) outcomes of \(asked) transfers: \(events)" }
            }
        }
        return link.isIdle ? nil : "something is left"
    }

    /// How often each kind of event and ending came.
    var happened: [String: Int] {
        let names = link.events.map { event in
            let name = if case .ended(let ending) = event.event { "\(ending)" } else { "\(event.event)" }
            return String(name.prefix { $0 != "(" })
        }
        return Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    }

    private func begin(from end: SimulatedLink.End) {
        let hasOffer = Bool.random(using: &link.random)
        let id = link.call(from: end, offer: hasOffer ? [1] : nil)
        began[end, default: []].insert(id)
        disturb(end, id)
        link.after(.seconds(40) + milliseconds(0...40000)) { [link] in
            link.with(end) { $0.hangUp(id, now: link.now) }
        }
    }

    private func answer(_ end: SimulatedLink.End, _ invite: SIPRequest, _ flow: Flow) {
        guard invite.method == .invite else {
            return link.with(end) { $0.answer(invite, status: 200, over: flow, now: link.now) }
        }
        let peer = link.peer(of: end)
        guard let id = link.with(end, { $0.beginSession(invite, from: flow, peer: peer, now: link.now) }) else {
            return
        }
        began[end, default: []].insert(id)
        disturb(end, id)
        let fate = Int.random(in: 0..<10, using: &link.random)
        link.after(milliseconds(0...3000)) { [link] in
            link.with(end) { $0.ring(id, status: 180, sdp: fate < 3 ? [2] : nil, now: link.now) }
        }
        link.after(milliseconds(0...8000)) { [link] in
            if fate == 9 {
                link.with(end) { $0.reject(id, status: 486, now: link.now) }
            } else if fate > 0 {
                link.with(end) { $0.accept(id, sdp: [2], now: link.now) }
            }
        }
    }

    /// Offers and hang-ups at random moments.
    private func disturb(_ end: SimulatedLink.End, _ id: SessionID) {
        for _ in 0..<Int.random(in: 0...3, using: &link.random) {
            let method: OfferMethod = Bool.random(using: &link.random) ? .reinvite : .update
            link.after(milliseconds(0...60000)) { [link] in
                link.with(end) { $0.offer(id, sdp: [3], by: method, now: link.now) }
            }
        }
        if Int.random(in: 0..<3, using: &link.random) == 0 {
            link.after(milliseconds(0...60000)) { [link] in
                link.with(end) { $0.hangUp(id, now: link.now) }
            }
        }
        switch Int.random(in: 0..<6, using: &link.random) {
        case 0:
            let target = SIPURI(user: "3", address: end.address)
            link.after(milliseconds(0...60000)) { [unowned self] in
                if link.with(end, { $0.refer(id, to: target, now: link.now) }) {
                    transfers[end, default: []].append(id)
                }
            }
        case 1: link.after(milliseconds(0...60000)) { [link] in link.with(end) { $0.requestOffer(id, now: link.now) } }
        default: break
        }
    }

    private func react(_ end: SimulatedLink.End, _ id: SessionID, _ event: SessionEvent) {
        switch event {
        case .offered, .answeredWithOffer:
            let refuses = Int.random(in: 0..<5, using: &link.random) == 0
            link.after(milliseconds(0...2000)) { [link] in
                link.with(end) {
                    if refuses { $0.rejectOffer(id, status: 488, now: link.now) }
                    $0.answerOffer(id, sdp: [4], now: link.now)
                }
            }
        case .offerWanted:
            link.after(milliseconds(0...100)) { [link] in
                link.with(end) { $0.offer(id, sdp: [5], now: link.now) }
            }
        case .transferRequested:
            let status = Int.random(in: 0..<4, using: &link.random) * 100 + 180
            link.after(milliseconds(0...20000)) { [link] in
                link.with(end) { $0.notifyTransfer(id, status: status, now: link.now) }
            }
        default: break
        }
    }

    private func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &link.random))
    }
}
