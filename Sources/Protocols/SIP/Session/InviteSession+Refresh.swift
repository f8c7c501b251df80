import Wire

/// A session that ends unless it is refreshed (RFC 4028).
struct SessionRefresh: Sendable {
    /// Seconds.
    let interval: UInt32
    /// We are the refresher.
    let isOurs: Bool
    /// The peer knows about it: whoever misses a refresh hangs up.
    ///
    /// If not, we refresh alone, to find out whether it is still there.
    let isShared: Bool

    /// The least interval there is (section 4).
    static let shortest: UInt32 = 90
    /// The longest that a 422 may push us to.
    static let longest: UInt32 = 86_400
    /// How soon a refresh that could not be made is tried again.
    static let retry: Duration = .seconds(10)
    /// How soon one is tried again that was in the way of something else.
    static let patience: Duration = .seconds(2)
}

extension InviteSession {
    // MARK: As the client of a request

    /// Asks for the session interval we want or have, in an INVITE, re-INVITE or UPDATE.
    mutating func askForTimer(_ request: inout SIPRequest) {
        request.headers.sessionExpires = nil
        request.headers.minSE = minimumInterval > SessionRefresh.shortest ? minimumInterval : nil
        guard let interval = refresh?.interval ?? peer.options.interval else { return }
        // Who refreshes is settled by the first request; later ones keep it so (section 7.4).
        let refresher: SessionExpires.Refresher? = refresh.map { $0.isOurs ? .uac : .uas }
        request.headers.sessionExpires = SessionExpires(
            interval: max(interval, minimumInterval), refresher: refresher)
    }

    /// What a 2xx says about the interval we asked for (section 7.2).
    mutating func settleTimer(by response: SIPResponse, _ now: Instant) {
        if let granted = response.headers.sessionExpires {
            return arm(interval: granted.interval, isOurs: granted.refresher != .uas, isShared: true, now)
        }
        guard let interval = peer.options.interval else { return disarm() }
        arm(interval: max(interval, minimumInterval), isOurs: true, isShared: false, now)
    }

    /// Takes up the larger minimum of a 422 (section 7.3); false when it names none, or one that is out of reason.
    mutating func takeMinimum(of response: SIPResponse) -> Bool {
        guard let minimum = response.headers.minSE, minimum > minimumInterval, minimum <= SessionRefresh.longest
        else { return false }
        minimumInterval = minimum
        return true
    }

    // MARK: As the server

    /// Puts the interval that is to hold into a 2xx, and begins to keep it (section 9).
    mutating func grantTimer(_ request: SIPRequest, _ response: inout SIPResponse, _ now: Instant) {
        let asked = request.headers.sessionExpires
        let knowsTimers = request.headers.offersOption(OptionTag.timer)
        guard asked != nil || peer.options.interval != nil else { return disarm() }
        let floor = max(request.headers.minSE ?? 0, SessionRefresh.shortest)
        let wanted = min(asked?.interval ?? .max, peer.options.interval ?? .max)
        let interval = max(wanted, floor)
        // A client that knows nothing of it cannot refresh; whoever asked without saying who shall does it.
        let refresher: SessionExpires.Refresher =
            knowsTimers ? asked?.refresher ?? (asked == nil ? .uas : .uac) : .uas
        response.headers.sessionExpires = SessionExpires(interval: interval, refresher: refresher)
        if knowsTimers { response.headers.append(.require, OptionTag.timer) }
        arm(interval: interval, isOurs: refresher == .uas, isShared: knowsTimers, now)
    }

    // MARK: Time

    private mutating func arm(interval: UInt32, isOurs: Bool, isShared: Bool, _ now: Instant) {
        let seconds = max(interval, SessionRefresh.shortest)
        refresh = SessionRefresh(interval: seconds, isOurs: isOurs, isShared: isShared)
        timers[.refresh] = isOurs ? now + .seconds(seconds) / 2 : nil
        timers[.expiry] = isShared ? now + .seconds(seconds - min(32, seconds / 3)) : nil
    }

    private mutating func disarm() {
        refresh = nil
        timers[.refresh] = nil
        timers[.expiry] = nil
    }

    /// Half the interval is over: UPDATE if the peer takes it, else a re-INVITE that says the same again.
    mutating func refreshSession(_ now: Instant, _ context: inout SessionContext) {
        guard refresh?.isOurs == true, !isOver, let tag = dialog?.id.remoteTag else { return }
        guard canOffer, queuedOffer == nil else {
            timers[.refresh] = now + SessionRefresh.patience
            return
        }
        timers[.refresh] = now + SessionRefresh.retry
        if allowsUpdate != true {
            // Without our description the user must say it again.
            guard let localDescription else { return context.emit(.offerWanted, id) }
            let offer = QueuedOffer(sdp: localDescription, method: .reinvite, age: descriptions)
            return send(offer, in: tag, isRefresh: true, now, &context)
        }
        guard var request = dialog?.makeRequest(.update) else { return }
        askForTimer(&request)
        authorize(&request, over: dialogFlow, &context)
        // The answer sets the next time; until then none is wanted.
        if send(request, .refresh, now: now, &context) != nil { timers[.refresh] = nil }
    }

    mutating func receiveRefreshResponse(_ response: SIPResponse, _ now: Instant, _ context: inout SessionContext) {
        guard response.isFinal, !isOver else { return }
        if response.isSuccess {
            dialog?.refreshTarget(from: response.headers)
            return settleTimer(by: response, now)
        }
        switch response.status {
        case 408, 481: hangUp(ending: .lost(.peerGone), reason: nil, now, &context)
        case 405, 501:
            noteUpdateRefused()
            refreshSession(now, &context)
        case 422 where takeMinimum(of: response): refreshSession(now, &context)
        default: refreshLater(now)
        }
    }

    /// A refresh came to nothing: the session goes on until it expires.
    mutating func refreshLater(_ now: Instant) {
        guard let refresh, refresh.isOurs else { return }
        timers[.refresh] = now + (refresh.isShared ? SessionRefresh.retry : .seconds(refresh.interval) / 2)
    }

    /// Nobody refreshed the session (section 10).
    mutating func sessionExpired(_ now: Instant, _ context: inout SessionContext) {
        hangUp(
            ending: .lost(.expired), reason: SIPReason(cause: 408, text: "Session expired"), now, &context)
    }
}
