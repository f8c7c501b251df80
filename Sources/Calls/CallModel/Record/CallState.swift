/// Where a call is.
///
/// The last seven are terminal: a call enters exactly one of them, once.
package enum CallState: String, Sendable, CaseIterable {
    case initiated
    case ringing
    case answered
    case held
    case transferring
    case completed
    /// An incoming call that nobody answered before the caller gave up.
    case missed
    /// Nobody answered in time.
    case noAnswer = "no_answer"
    case busy
    /// The person called declined.
    case rejected
    /// Given up before the answer, by us or by our own caller.
    case cancelled
    case failed

    package var isTerminal: Bool {
        switch self {
        case .initiated, .ringing, .answered, .held, .transferring: false
        case .completed, .missed, .noAnswer, .busy, .rejected, .cancelled, .failed: true
        }
    }

    /// Whether two people can be talking.
    package var isUp: Bool { self == .answered || self == .held || self == .transferring }

    package func canMove(to next: CallState) -> Bool {
        if isTerminal { return false }
        if next.isTerminal { return true }
        return switch (self, next) {
        case (.initiated, .ringing), (.initiated, .answered), (.ringing, .answered): true
        case (.answered, .held), (.held, .answered): true
        case (.answered, .transferring), (.transferring, .answered): true
        default: false
        }
    }
}

/// Which way a call went, seen from the exchange.
package enum CallDirection: String, Sendable, CaseIterable {
    case incoming
    case outgoing
    case `internal`
}

/// Who told us of the call.
package enum CallSource: String, Sendable, CaseIterable {
    case mango
    case sip
    case webrtc
    case crm
    case manual
}

/// How urgent a person marked the call.
package enum CallPriority: String, Sendable, CaseIterable {
    case low
    case medium
    case high
}
