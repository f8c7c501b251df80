/// Why a call ended: the closed list behind `end_reason`.
package enum EndReason: String, Sendable, CaseIterable {
    case callerHangup = "caller_hangup"
    case calleeHangup = "callee_hangup"
    /// Somebody ended the call by REST, socket or console.
    case commandHangup = "command_hangup"
    case rejected
    case busy
    case noAnswer = "no_answer"
    /// The caller gave up before the answer.
    case callerCancelled = "caller_cancelled"
    /// We gave up before the answer, by command.
    case cancelled
    case transferred
    /// No such number or account (404, 484, 604).
    case notFound = "not_found"
    /// Nobody is registered under the number (480).
    case unavailable
    case forbidden
    /// The two sides share no codec (488, 606).
    case noSharedCodec = "no_shared_codec"
    /// A request nobody answered at all (408 by timer).
    case signallingTimeout = "signalling_timeout"
    /// The connection or the route to the peer failed.
    case signallingFailed = "signalling_failed"
    /// The far server failed (5xx).
    case upstreamFailed = "upstream_failed"
    /// No media within the time allowed.
    case mediaTimeout = "media_timeout"
    /// ICE or DTLS failed.
    case mediaFailed = "media_failed"
    /// A side said yes and its page never came with an offer.
    case neverJoined = "never_joined"
    /// No call may last longer.
    case maximumDuration = "maximum_duration"
    /// The limit on calls or ports was reached.
    case capacity
    /// The program stopped and ended the call in good order.
    case shutdown
    /// The program died; the next start closed the record.
    case interrupted
    /// A fault of ours; also the ending every call has armed from its first moment.
    case internalError = "internal_error"
}

extension EndReason {
    /// What a final SIP response to an unanswered INVITE means for the call.
    ///
    /// `afterRingTimeout`: we stopped ringing ourselves, so 480 and 487 mean that nobody answered.
    package static func forResponse(_ status: Int, afterRingTimeout: Bool) -> (state: CallState, reason: EndReason) {
        switch status {
        case 486, 600: (.busy, .busy)
        case 603, 403: (.rejected, status == 603 ? .rejected : .forbidden)
        case 408: (.noAnswer, .signallingTimeout)
        case 480: (.noAnswer, afterRingTimeout ? .noAnswer : .unavailable)
        case 487: afterRingTimeout ? (.noAnswer, .noAnswer) : (.cancelled, .cancelled)
        case 404, 484, 604: (.failed, .notFound)
        case 488, 606: (.failed, .noSharedCodec)
        case 503: (.failed, .signallingFailed)
        default: (.failed, .upstreamFailed)
        }
    }
}
