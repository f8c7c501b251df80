import CallModel
import Media
import Reactor
import SIPEndpoint
import Telemetry
import WebRTC
import Wire

/// What a call tells its trace, if it has one.
extension Call {
    /// Notes what an input makes of the call, before it is carried out.
    func note(_ input: CallInput, _ effects: [CallEffect], in trace: CallTrace) {
        let now = loop.now
        switch input {
        case .accepted: trace.begin(.answer, at: now)
        case .answered(let leg) where live.legs[leg]?.side != .caller: trace.begin(.answer, at: now)
        default: break
        }
        for effect in effects { note(effect, in: trace, at: now) }
    }

    private func note(_ effect: CallEffect, in trace: CallTrace, at now: Instant) {
        switch effect {
        case .notify(let notice): note(notice, in: trace, at: now)
        case .bridge: trace.begin(.bridge, at: now)
        case .park: trace.end(.bridge, at: now)
        case .release(let leg, let cause): trace.end(.invite(leg), at: now, failure: "\(cause)")
        case .finish:
            trace.end(.bridge, at: now)
            trace.begin(.teardown, at: now)
        case .reach, .ring, .signal, .bridgeEarly, .refer, .reportTransfer, .entertain, .forget, .tellQueue, .record:
            break
        }
    }

    private func note(_ notice: CallNotice, in trace: CallTrace, at now: Instant) {
        switch notice {
        case .ringing: trace.begin(.ringing, at: now)
        case .answered:
            trace.end(.ringing, at: now)
            trace.end(.answer, at: now)
        case .held(true, _): trace.begin(.hold, at: now)
        case .held(false, _): trace.end(.hold, at: now)
        case .transferRequested: trace.begin(.transfer, at: now)
        case .transferred: trace.end(.transfer, at: now)
        case .transferFailed: trace.end(.transfer, at: now, failure: "the target was not reached")
        case .rejected: trace.note("rejected", at: now)
        case .ended: trace.end(.ringing, at: now, failure: "not answered")
        case .created, .offered, .withdrawn: break
        }
    }

    /// The INVITE of a leg begins: ours to it (`client`), or its own.
    func traceInvite(_ id: LegID, _ kind: Span.Kind, _ sip: SIPLegID) {
        guard let trace else { return }
        var attributes = legAttributes(id)
        if let callID = services.sip.assumeIsolated({ $0.callID(of: sip) }) {
            attributes.append(LogField("sip.call_id", callID))
        }
        trace.begin(.invite(id), kind, at: loop.now, attributes)
    }

    /// What a session says of its INVITE.
    func trace(_ event: SIPLegEvent, on id: LegID) {
        guard let trace else { return }
        switch event {
        case .ringing: trace.note("ringing", in: .invite(id), at: loop.now)
        case .answered: trace.end(.invite(id), at: loop.now, [LogField("sip.status", 200)])
        case .rejected(let status, _, _):
            trace.end(.invite(id), at: loop.now, failure: "SIP \(status)", [LogField("sip.status", status)])
        case .cancelled: trace.end(.invite(id), at: loop.now, failure: "cancelled", [LogField("sip.status", 487)])
        case .ended: trace.end(.invite(id), at: loop.now, failure: "ended")
        case .acceptable, .established, .offered, .offerAnswered, .offerRejected, .digit, .offerWanted,
            .transferRequested, .transferProgress:
            break
        }
    }

    func legAttributes(_ id: LegID) -> [LogField] {
        var attributes = [LogField("leg.id", legName(id))]
        if let side = live.legs[id]?.side { attributes.append(LogField("leg.side", side.rawValue)) }
        return attributes
    }

    /// As the record has it.
    func legName(_ id: LegID) -> String { "\(uuid)-\(id.rawValue)" }

    /// Adds what only the media legs know, which have all said their last, and records the call.
    func concludeTrace() {
        guard let trace = trace.take() else { return }
        for leg in live.legs {
            guard let figures = quality.meters[leg.id]?.figures else { continue }
            note(figures, of: leg.id, in: trace)
        }
        trace.finish(live.record, at: loop.now)
    }

    private func note(_ figures: LegStatistics, of id: LegID, in trace: CallTrace) {
        let attributes = legAttributes(id)
        if let transport = figures.transport {
            let failure = transport.failure.map { "\($0)" }
            if let checked = transport.firstCheckAt {
                let start = trace.endOf(.offer(id), leg: legName(id)) ?? checked
                trace.add("webrtc.ice", from: start, to: checked, attributes)
                if let end = transport.connectedAt ?? (failure == nil ? nil : loop.now) {
                    trace.add("webrtc.dtls", from: checked, to: end, failure: failure, attributes)
                }
            }
        }
        if let first = figures.firstPacketAt {
            trace.add("media.first_packet", from: quality.meters[id]?.upAt ?? first, to: first, attributes)
        }
    }
}
