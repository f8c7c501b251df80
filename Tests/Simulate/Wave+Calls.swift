import CallKit
import CallModel
import Calls
import Reactor
import SIPEndpoint
import Wire

/// Who calls whom, and what the called do.
extension Wave {
    func place() {
        switch chance.number(0...99) {
        case 0..<46: placeByPhone(to: someExtension(), "phone to phone")
        case 46..<58: placeByPhone(to: someNumberOutside(), "phone to carrier")
        case 58..<72: placeByCarrier()
        case 72..<78: placeByPhone(to: chance.pick(["2000", "2001"]), "phone to queue")
        case 78..<82: placeByPhone(to: chance.pick(House.builtIn), "phone to built-in number")
        case 82..<85: placeByPhone(to: "nobody", "phone to nobody")
        case 85..<94: placeByPage()
        default: clickToCall()
        }
    }

    func someExtension() -> String { "\(chance.number(1001...1018))" }
    func someNumberOutside() -> String { "7495\(chance.number(1_000_000...9_999_999))" }

    private func someStation(_ wanted: (Station) -> Bool) -> Station? {
        let choices = stations.filter { station in wanted(station) && !station.phone.assumeIsolated { $0.isOff } }
        return choices.isEmpty ? nil : chance.pick(choices)
    }

    private func placeByPhone(to target: String, _ kind: String) {
        guard let station = someStation({ $0.carrier == nil }) else { return }
        place(station.phone, target, kind)
    }

    private func placeByCarrier() {
        guard let station = someStation({ $0.carrier != nil }) else { return }
        let isForQueue = chance.happens(0.2)
        place(
            station.phone, isForQueue ? chance.pick(["2000", "2001"]) : someExtension(),
            isForQueue ? "carrier to queue" : "carrier to phone")
    }

    @discardableResult
    func place(_ phone: ScriptedPhone, _ target: String, _ kind: String) -> SIPLegID {
        totals["call: \(kind)"] += 1
        let leg = phone.assumeIsolated { $0.call(target) }
        placed.append(.phone(phone, leg))
        let patience = chance.happens(0.2) ? chance.milliseconds(0...6000) : chance.milliseconds(30_000...120_000)
        after(patience) { [weak self] in
            guard let self, phone.assumeIsolated({ $0.fates[leg] }) == .pending else { return }
            self.totals["given up before the answer"] += 1
            phone.assumeIsolated { $0.hangUp(leg) }
        }
        return leg
    }

    private func placeByPage() {
        let target = chance.pick([someExtension(), someExtension(), someNumberOutside(), chance.pick(House.builtIn)])
        let user = Int64(chance.number(1...House.users))
        let page = LivePage("page-\(placed.count)", userID: user, in: self)
        let uuid = command { calls in
            let record = try calls.originate(CallRequest(caller: .page(userID: user), target: target, source: .webrtc))
            _ = try calls.join(record.key, page)
            try calls.offer(record.key, from: page, sdp: ScriptedPage.offer())
            return record.uuid
        }
        guard let uuid else { return totals["refused to a page"] += 1 }
        totals["call: page"] += 1
        placed.append(.command(uuid))
        deeds.pages[uuid, default: []].append(page)
        leaveSometime(page, uuid)
    }

    /// A page hangs up, or its connection breaks.
    func leaveSometime(_ page: LivePage, _ uuid: UUID) {
        let breaks = chance.happens(0.2)
        after(chance.happens(0.2) ? chance.milliseconds(0...5000) : chance.milliseconds(5000...120_000)) {
            [weak self] in
            guard let self, !page.isDone else { return }
            self.totals[breaks ? "page lost" : "page left"] += 1
            self.deeds.pageLeft.insert(uuid)
            page.leave(breaking: breaks)
            if breaks, self.chance.happens(0.5) { self.comeBack(page, uuid) }
        }
    }

    /// A page that was lost is reloaded; it may be too late, or there was no conversation yet.
    private func comeBack(_ page: LivePage, _ uuid: UUID) {
        after(chance.milliseconds(100...25_000)) { [weak self] in
            guard let self else { return }
            let isBack = page.comeBack(to: uuid)
            self.totals[isBack ? "page came back" : "page came back for nothing"] += 1
            if isBack { self.leaveSometime(page, uuid) }
        }
    }

    private func clickToCall() {
        let (from, target) = (someExtension(), chance.happens(0.3) ? someNumberOutside() : someExtension())
        var request = CallRequest(caller: .devices(extension: from), target: target, source: .crm)
        request.autoAnswer = chance.happens(0.5)
        let wanted = request
        guard let uuid = command({ try $0.originate(wanted).uuid }) else { return totals["refused to a click"] += 1 }
        totals["call: click"] += 1
        placed.append(.command(uuid))
    }

    /// What is done with a call that came.
    func answer(asCarrier isCarrier: Bool) -> ScriptedPhone.Answer {
        totals[isCarrier ? "rang at a carrier" : "rang at a phone"] += 1
        let delay = chance.milliseconds(50...9000)
        switch chance.number(0...99) {
        case 0..<50: return .accept(after: delay)
        case 50..<65:
            totals["early media"] += 1
            return .earlyMedia(thenAccept: delay)
        case 65..<72: return refusal(486, delay)
        case 72..<77: return refusal(603, delay)
        case 77..<81: return refusal(480, delay)
        case 81..<84: return refusal(488, .zero)
        case 84..<92 where isCarrier: return refusal(chance.pick([503, 503, 500, 404]), .zero)
        case 84..<86: return refusal(486, .zero)
        default:
            totals["rings until somebody gives up"] += 1
            return .ignore
        }
    }

    private func refusal(_ status: Int, _ delay: Duration) -> ScriptedPhone.Answer {
        totals["refused with \(status)"] += 1
        return .reject(status: status, after: delay)
    }
}
