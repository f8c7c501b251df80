import CallKit
import CallModel
import Calls
import Reactor
import SDP
import SIPEndpoint
import Wire

/// What people do while they talk.
extension Wave {
    func talk(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        totals["talks of phones"] += 1
        if let index = consultations.firstIndex(where: { $0.phone === phone && $0.leg == leg }) {
            transferAttended(consultations.remove(at: index))
        }
        hangUpSometime(phone, leg)
        if chance.happens(0.15) { hold(phone, leg) }
        if chance.happens(0.06) { reoffer(phone, leg) }
        if chance.happens(0.08) { press(phone, leg) }
        if chance.happens(0.06) { transferBlind(phone, leg) }
        if chance.happens(0.06) { consult(phone, leg) }
        if chance.happens(0.03) { replace(phone, leg) }
    }

    private func hangUpSometime(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        let length: Duration
        switch chance.number(0...9) {
        case 0: length = chance.milliseconds(0...300)
        case 1...6: length = chance.milliseconds(300...60_000)
        case 7: length = chance.milliseconds(60_000...400_000)
        // Both sides at once, every now and then.
        default: length = untilFullSeconds(20)
        }
        after(length) { [weak self] in
            guard let self, self.talks(phone, leg) else { return }
            self.totals["hung up by a phone"] += 1
            phone.assumeIsolated { $0.hangUp(leg) }
        }
    }

    /// Until the clock shows a multiple of so many seconds.
    private func untilFullSeconds(_ seconds: UInt64) -> Duration {
        let step = seconds * 1_000_000_000
        return .nanoseconds(Int64(step - exchange.loop.now.nanoseconds % step))
    }

    func talks(_ phone: ScriptedPhone, _ leg: SIPLegID) -> Bool {
        phone.assumeIsolated { !$0.isOff && $0.fates[leg] == .talking }
    }

    private func later(
        _ range: ClosedRange<Int>, _ phone: ScriptedPhone, _ leg: SIPLegID, _ deed: @escaping (Wave) -> Void
    ) {
        after(chance.milliseconds(range)) { [weak self] in
            guard let self, self.talks(phone, leg) else { return }
            deed(self)
        }
    }

    private func hold(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        later(0...8000, phone, leg) { wave in
            wave.totals["held by a phone"] += 1
            phone.assumeIsolated { $0.hold(true, leg) }
            wave.later(100...20_000, phone, leg) { wave in
                wave.totals["resumed by a phone"] += 1
                phone.assumeIsolated { $0.hold(false, leg) }
            }
        }
    }

    private func reoffer(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        let codecs = chance.pick([[Codec.pcmu], [.pcma], [.pcma, .pcmu]])
        later(0...15_000, phone, leg) { wave in
            wave.totals["offered other codecs"] += 1
            phone.assumeIsolated { $0.offer(codecs, on: leg) }
        }
    }

    private func press(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        let digit = chance.pick(Array("0123456789*#"))
        later(0...10_000, phone, leg) { wave in
            wave.totals["digit by INFO"] += 1
            phone.assumeIsolated { $0.press(digit, on: leg) }
        }
    }

    /// Notes that a dialog is in a transfer: what its record says depends on how far that came.
    func noteTransfer(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        if let callID = phone.assumeIsolated({ $0.diaries[leg]?.callID }) { deeds.transferred.insert(callID) }
    }

    private func transferBlind(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        let target = chance.happens(0.2) ? someNumberOutside() : chance.happens(0.1) ? "nobody" : someExtension()
        later(500...20_000, phone, leg) { wave in
            guard phone.assumeIsolated({ $0.transfer(leg, to: target) }) else { return }
            wave.totals["blind transfer by REFER"] += 1
            wave.noteTransfer(phone, leg)
        }
    }

    private func consult(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        let target = someExtension()
        let isHasty = chance.happens(0.3)
        later(500...10_000, phone, leg) { wave in
            phone.assumeIsolated { $0.hold(true, leg) }
            let second = wave.place(phone, target, "consultation")
            let consultation = Consultation(phone: phone, leg: second, transferring: leg)
            guard isHasty else { return wave.consultations.append(consultation) }
            wave.after(.seconds(2)) { [weak wave] in wave?.transferAttended(consultation) }
        }
    }

    private func transferAttended(_ consultation: Consultation) {
        let (phone, first, second) = (consultation.phone, consultation.transferring, consultation.leg)
        guard talks(phone, first), phone.assumeIsolated({ $0.transfer(first, to: second) }) else { return }
        totals["attended transfer by REFER"] += 1
        noteTransfer(phone, first)
        noteTransfer(phone, second)
    }

    private func replace(_ phone: ScriptedPhone, _ leg: SIPLegID) {
        later(500...10_000, phone, leg) { wave in
            guard let dialog = phone.assumeIsolated({ $0.name(of: leg) }) else { return }
            wave.totals["INVITE with Replaces"] += 1
            let other = phone.assumeIsolated { $0.call(inPlaceOf: dialog) }
            wave.placed.append(.phone(phone, other))
            wave.noteTransfer(phone, leg)
            wave.noteTransfer(phone, other)
            wave.after(.seconds(120)) {
                if phone.assumeIsolated({ $0.fates[other] }) == .pending { phone.assumeIsolated { $0.hangUp(other) } }
            }
        }
    }
}
