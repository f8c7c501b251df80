import Wire

/// A transfer we asked the peer for.
struct Referral: Sendable {
    /// The CSeq number of the REFER.
    let sequence: UInt32
    /// 2xx came.
    var isAccepted = false
    /// A NOTIFY came.
    var isReported = false
    /// The latest status told.
    var lastStatus = 100
}

/// The Event of a NOTIFY about a REFER, with the CSeq number of that REFER where it is named (RFC 3515 section 2.4.6).
private struct ReferEvent {
    private let id: UInt32?

    /// Nil for any other event package.
    init?(_ event: String) {
        let event = event.lowercased()
        var scanner = FieldScanner(event.utf8.span)
        guard let name = scanner.token(), equalIgnoringCase(name, "refer"), let parameters = scanner.parameters()
        else { return nil }
        id = parameters["id"].flatMap { Decimal.exactly($0) }
    }

    /// Not to one before it; a REFER sent again with credentials has a higher number than the first of its kind.
    func belongs(to referral: Referral) -> Bool { id.map { $0 >= referral.sequence } ?? true }
}

/// REFER as its sender (RFC 3515 section 2.4): each one comes to exactly one final `transferProgress`.
///
/// The status is the peer's own word where it gives one: a refusal of the REFER, or a final NOTIFY. Where it accepted and
/// then ended the subscription or hung up without a word, which is what a phone does that has been transferred, it is
/// told as 202. Where it accepted and then said nothing for too long it is 408, so that nobody is cut off by silence.
extension InviteSession {
    /// How long a peer that accepted may be silent before its first word, and between two.
    private static func patience(_ referral: Referral, _ context: SessionContext) -> Duration {
        referral.isReported ? context.timers.ringLimit : context.timers.transactionTimeout * 2
    }

    mutating func refer(
        to target: SIPURI, _ replaces: Replaces?, _ referredBy: NameAddress?, _ now: Instant,
        _ context: inout SessionContext
    ) -> Bool {
        guard isEstablished, referral == nil, var request = dialog?.makeRequest(.refer),
            let sequence = request.headers.cseq?.number
        else { return false }
        var target = target
        if let replaces { target.headers = [SIPURI.Header(name: "Replaces", value: replaces.description)] }
        request.headers.set(.referTo, [NameAddress(uri: target)])
        request.headers.referredBy = referredBy ?? NameAddress(uri: peer.contact.uri)
        authorize(&request, over: dialogFlow, &context)
        guard send(request, .refer, now: now, &context) != nil else { return false }
        referral = Referral(sequence: sequence)
        return true
    }

    mutating func receiveReferResponse(_ response: SIPResponse, _ now: Instant, _ context: inout SessionContext) {
        guard response.isFinal, referral != nil else { return }
        guard response.isSuccess else { return referralEnded(status: response.status, &context) }
        referral?.isAccepted = true
        // It will not say how it goes (RFC 4488).
        if equalIgnoringCase(response.headers[.referSub] ?? "", "false") {
            return referralEnded(status: 202, &context)
        }
        waitForNotice(now, &context)
    }

    /// NOTIFY: of the subscription our REFER made; there is no other (RFC 6665 section 4.1.3).
    mutating func receiveNotify(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard let event = ReferEvent(request.headers[.event] ?? "") else {
            return context.respond(489, to: request, transaction, now: now)
        }
        guard let referral, event.belongs(to: referral) else {
            return context.respond(481, to: request, transaction, now: now)
        }
        context.respond(200, to: request, transaction, now: now)
        self.referral?.isAccepted = true
        self.referral?.isReported = true
        let state = request.headers[.subscriptionState] ?? ""
        let isTerminated = state.lowercased().hasPrefix("terminated")
        let status = Self.fragmentStatus(request.body)
        if let status, status >= 200 { return referralEnded(status: status, &context) }
        if isTerminated { return referralEnded(status: 202, &context) }
        if let status, status > 100, status != referral.lastStatus {
            self.referral?.lastStatus = status
            context.emit(.transferProgress(status: status), id)
        }
        waitForNotice(now, &context)
    }

    mutating func referralEnded(status: Int, _ context: inout SessionContext) {
        guard referral != nil else { return }
        referral = nil
        timers[.transfer] = nil
        context.emit(.transferProgress(status: status), id)
    }

    mutating func referralTimedOut(_ now: Instant, _ context: inout SessionContext) {
        referralEnded(status: 408, &context)
    }

    /// The session ends while a transfer is open: one that was accepted is taken for done, one that was not for undone.
    mutating func settleReferral(_ context: inout SessionContext) {
        guard let referral else { return }
        referralEnded(status: referral.isAccepted ? 202 : 487, &context)
    }

    private mutating func waitForNotice(_ now: Instant, _ context: inout SessionContext) {
        guard let referral else { return }
        timers[.transfer] = now + Self.patience(referral, context)
    }

    /// The status of a `message/sipfrag` body (RFC 3420), from its first line alone.
    private static func fragmentStatus(_ body: [UInt8]) -> Int? {
        var scanner = FieldScanner(body.span.extracting(first: min(body.count, SIPLimits.statusLineBytes)))
        guard let version = scanner.run({ $0 > UInt8.space }), equalIgnoringCase(version, "SIP/2.0"),
            scanner.skipWhitespace(), let digits = scanner.run(\.isDigit), let status = Decimal.exactly(digits),
            (100..<700).contains(status)
        else { return nil }
        return Int(status)
    }
}
