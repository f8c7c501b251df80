import SIP
import Wire

/// What happens in the test call, for one who waits; and what its responses said.
struct TestCallEvents {
    /// Names one wait.
    typealias Wait = Int

    private var events = FIFO<SessionEvent>()
    private var waiting: (wait: Wait, then: (SessionEvent?) -> Void)?
    private var lastWait = 0
    /// Called once when a wait ends.
    var onArrival: () -> Void = {}
    /// Set before the call is placed.
    var callID: String?
    private(set) var timer: SessionExpires?
    private(set) var byeStatus: Int?

    mutating func add(_ event: SessionEvent) {
        events.append(event)
        guard waiting != nil, let first = events.popFirst() else { return }
        answer(first)
    }

    /// Waits for an event; one that came already is told at once, and there is no wait to give up.
    mutating func wait(_ then: @escaping (SessionEvent?) -> Void) -> Wait? {
        if let event = events.popFirst() {
            then(event)
            return nil
        }
        lastWait += 1
        waiting = (lastWait, then)
        return lastWait
    }

    mutating func giveUp(_ wait: Wait) {
        if waiting?.wait == wait { answer(nil) }
    }

    /// Learns of a response of the call.
    mutating func note(_ response: SIPResponse) {
        guard let callID, response.headers.callID == callID, response.isFinal else { return }
        switch response.headers.cseq?.method {
        case .invite? where response.isSuccess: timer = response.headers.sessionExpires
        case .bye?: byeStatus = response.status
        default: break
        }
    }

    private mutating func answer(_ event: SessionEvent?) {
        let then = waiting?.then
        waiting = nil
        let arrived = onArrival
        onArrival = {}
        arrived()
        then?(event)
    }
}
