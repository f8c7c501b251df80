import Wire

/// Why an INVITE or UPDATE is refused before anybody is asked: it wants what we do not do, or lacks what we need.
struct SessionRefusal {
    let status: Int
    let complete: (inout SIPResponse) -> Void

    /// 420 or 421 for reliable provisional responses (RFC 3262 section 3), 422 for the session interval (RFC 4028).
    init?(of invite: SIPRequest, _ options: SessionOptions) {
        let headers = invite.headers
        if options.reliable == .off, headers.requiresOption(OptionTag.reliable) {
            status = 420
            complete = { $0.headers.unsupported = [OptionTag.reliable] }
        } else if options.reliable == .required, !headers.offersOption(OptionTag.reliable) {
            status = 421
            complete = { $0.headers.require = [OptionTag.reliable] }
        } else if let refusal = SessionRefusal(timerOf: invite) {
            self = refusal
        } else {
            return nil
        }
    }

    /// 422 for an interval that is too short, from a client that can ask for a longer one (RFC 4028 section 9).
    init?(timerOf request: SIPRequest) {
        guard let asked = request.headers.sessionExpires, asked.interval < SessionRefresh.shortest,
            request.headers.offersOption(OptionTag.timer)
        else { return nil }
        status = 422
        complete = { $0.headers.minSE = SessionRefresh.shortest }
    }
}
