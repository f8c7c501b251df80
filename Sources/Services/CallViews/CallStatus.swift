package import CallModel
import Wire

/// The table of states (contract §6): what each view calls a state, and which states a view's word means.
package enum CallStatus {
    /// The words of document 001's table `mango`.
    static func mango(_ state: CallState) -> String {
        switch state {
        case .initiated, .ringing: "started"
        case .answered, .held, .transferring: "answered"
        case .completed, .missed, .noAnswer, .busy, .rejected, .cancelled, .failed: "completed"
        }
    }

    /// All names of one state, for clients that speak more than one view.
    static func all(of record: CallRecord) -> JSONValue {
        func word(_ view: CallView) -> JSONValue { JSONValue(view.status(of: record)) }
        return [
            "mango": .string(mango(record.state)), "crm": word(.crm), "pbx": word(.pbx), "gateway": word(.gateway),
        ]
    }
}

extension CallView {
    /// The view's word for the call's state; nil where the view does not know such calls yet (records, unanswered).
    package func status(of record: CallRecord) -> String? { status(record.state, record.direction) }

    /// The view's word for a state of calls of this direction.
    package func status(_ state: CallState, _ direction: CallDirection) -> String? {
        switch self {
        case .records: Self.recordsStatus(state, direction)
        case .crm: Self.crmStatus(state)
        case .pbx: Self.pbxStatus(state)
        case .gateway: Self.gatewayStatus(state)
        }
    }

    private static func recordsStatus(_ state: CallState, _ direction: CallDirection) -> String? {
        switch state {
        case .initiated, .ringing: nil
        case .answered, .held, .transferring, .completed: "answered"
        case .missed, .failed: "missed"
        case .cancelled: direction == .incoming ? "missed" : "no_answer"
        case .noAnswer: "no_answer"
        case .busy, .rejected: "busy"
        }
    }

    private static func crmStatus(_ state: CallState) -> String {
        switch state {
        case .initiated, .ringing: "incoming"
        case .answered, .held, .transferring: "accepted"
        case .completed: "completed"
        case .rejected: "rejected"
        case .missed, .noAnswer, .busy, .cancelled, .failed: "missed"
        }
    }

    private static func pbxStatus(_ state: CallState) -> String {
        switch state {
        case .initiated, .ringing: "ringing"
        case .answered: "answered"
        case .held: "held"
        case .transferring: "transferred"
        case .completed, .rejected: "ended"
        case .missed, .noAnswer: "no_answer"
        case .busy: "busy"
        case .cancelled: "cancelled"
        case .failed: "failed"
        }
    }

    private static func gatewayStatus(_ state: CallState) -> String {
        switch state {
        case .initiated: "initiated"
        case .ringing: "ringing"
        case .answered, .held, .transferring: "answered"
        case .completed: "completed"
        case .missed, .noAnswer, .cancelled: "no_answer"
        case .busy, .rejected: "busy"
        case .failed: "failed"
        }
    }
}

extension CallView {
    /// The states a status filter means; nil when the view has no such word.
    package func conditions(forStatus word: String) -> [CallQuery.StateCondition]? {
        let conditions = CallState.allCases.compactMap { state -> CallQuery.StateCondition? in
            let directions = CallDirection.allCases.filter { status(state, $0) == word }
            return directions.isEmpty ? nil : CallQuery.StateCondition(state, Set(directions))
        }
        return conditions.isEmpty ? nil : conditions
    }

    /// The state a client asks for when it writes a status; nil when the view has no such word or cannot write.
    package func state(forWritten word: String, isLive: Bool) -> CallState? {
        switch (self, word) {
        case (.records, "answered"): isLive ? .answered : .completed
        case (.records, "missed"), (.records, "busy"), (.records, "no_answer"): CallState(rawValue: word)
        case (.gateway, _): conditions(forStatus: word).flatMap { _ in CallState(rawValue: word) }
        default: nil
        }
    }
}
