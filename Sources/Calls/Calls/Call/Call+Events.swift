import CallModel
import Media
import Reactor
import SDP
import SIPEndpoint
import Telemetry
import Wire

/// What the SIP endpoint and the media plane report, as inputs of the machine.
extension Call {
    func sipEvent(_ event: SIPLegEvent, on id: LegID) {
        trace(event, on: id)
        noteCourse(event, on: id)
        logger.debug("SIP session", [LogField("leg", id), LogField("event", caseName(event))])
        switch event {
        case .ringing(nil): perform(.ringing(id))
        case .ringing(let answer?):
            let usable = take(answer: answer, on: id)
            perform(usable ? .earlyMedia(id) : .ringing(id))
        case .answered(let answer): answered(answer, on: id)
        case .acceptable: if !mustCallerWait { perform(.acceptable(id)) }
        case .established: break
        case .rejected(let status, _, _):
            if insistOnKeys(id, after: status) { return }
            perform(.failed(id, .status(status)))
        case .cancelled(let reason):
            networkCause = reason?.networkCause
            perform(.gone(id, .cancelled))
        case .ended(let reason):
            if live.legs[id]?.state.isOpen == true { networkCause = reason?.networkCause }
            perform(.gone(id, reason?.isLoss == true ? .sessionLost : .hungUp))
        case .offered(let offer): reoffered(id, offer)
        case .offerAnswered(let answer): offerSettled(id, answer)
        case .offerRejected: offerSettled(id, nil)
        case .digit(let digit, _): pressed(digit, on: id, by: .info)
        case .offerWanted: repeatOffer(id)
        case .transferRequested(let order): manager.assumeIsolated { $0.transferByLeg(self, id, order) }
        case .transferProgress(let status): perform(.referProgress(id, status: status))
        }
    }

    /// Whether the caller's session has to get something done before it can be answered.
    ///
    /// That is so only where it was sent a description early; asked first, for the machine is dear to ask.
    var mustCallerWait: Bool {
        guard links.contains(where: { $0.earlyAnswer != nil }), let caller = live.waitingCaller,
            let link = links[caller], link.earlyAnswer != nil, let sip = link.sip
        else { return false }
        return services.sip.assumeIsolated { $0.mustWaitToAccept(sip) }
    }

    private func answered(_ answer: [UInt8]?, on id: LegID) {
        let wasOurOffer = links[id]?.isOffering == true
        update(id) { $0.isOffering = false }
        guard take(answer: answer, on: id) else {
            update(id) { $0.course.note(.badAnswer) }
            return perform(.incompatible(id))
        }
        defer { if let codecs = links[id]?.nextOffer { reoffer(id, codecs) } }
        // The answer in the ACK to a 200 that carried our offer: the leg has long been up for the machine.
        guard live.legs[id]?.state != .up else { return }
        if wasOurOffer { update(id) { $0.isAnswered = true } }
        perform(.answered(id))
    }

    func mediaEvent(_ event: MediaEvent, on id: LegID) {
        logger.debug("media leg", [LogField("leg", id), LogField("event", caseName(event))])
        switch event {
        case .connected:
            guard links[id]?.speaksWebRTC == true else { return }
            update(id) { $0.connectedAt = loop.now }
            manager.announce(.connected)
            soundConsentTone(toConnected: id)
        case .failed(_, let failure):
            if links[id]?.speaksWebRTC == true { manager.announce(.failed) }
            logger.warn("media failed", [LogField("leg", id), LogField("failure", "\(failure)")])
            mediaGone(id, .mediaFailed)
        case .hungUp: mediaGone(id, .mediaClosed)
        case .disconnected: mediaGone(id, .mediaLost)
        case .timedOut: if expectsMedia { mediaGone(id, .mediaLost) }
        case .digit(_, let digit, _): pressed(digit, on: id, by: .media)
        case .speaking(_, let isSpeaking): manager.assumeIsolated { $0.noteSpeaking(self, isSpeaking) }
        case .announced(_, let announcement, let isWhole): announced(announcement, on: id, isWhole: isWhole)
        case .closed(_, let figures):
            endAnnouncements(on: id)
            closed(id, figures)
        }
    }

    /// Silence is a fault only while two people should be hearing each other; on hold, or before the answer, it is not.
    private var expectsMedia: Bool { live.isWhole && !live.record.isOnHold }
}
