import CallModel
import Directory
import Reactor
import SIPEndpoint
import Telemetry
import Wire

/// One leg of a call that leaves by a trunk.
struct TollKey: Hashable, Sendable {
    let call: UUID
    let leg: LegID
}

/// The toll guard with what wakes it.
struct TollDesk {
    var meters = TollGuard<TollKey>()
    var timer: (deadline: Instant, token: LoopTimer)?
    /// The legs of each call that are paid for.
    var legs: [UUID: Set<LegID>] = [:]
}

/// Whether calls may leave, and for how long.
extension CallManager {
    /// How a leg may leave: the route without trunks that may not carry it; nil when it may not leave at all.
    func admitToll(_ key: TollKey, _ route: TrunkRoute, paidBy userID: Int64?) -> TrunkRoute? {
        let roster = services.roster.current
        var route = route
        var accounts: [TollGuard<TollKey>.Account] = []
        if let userID {
            let limits = roster.tollLimits(ofUser: userID)
            route.isFixed = !limits.hasNoLists
            accounts.append(TollGuard.Account(payer: .user(userID), limits: limits, number: route.number))
        }
        if let trunk = route.trunk.flatMap({ roster.trunk(named: $0) }) {
            accounts.append(account(trunk, route))
        } else if let refusal = exclude(from: &route, roster) {
            refused(refusal, key)
            return nil
        }
        if let refusal = toll.meters.begin(key, paidBy: accounts, now: loop.now) {
            refused(refusal, key)
            return nil
        }
        toll.legs[key.call, default: []].insert(key.leg)
        return route
    }

    /// A trunk knows its prefixes as it dials them.
    private func account(_ trunk: Trunk, _ route: TrunkRoute) -> TollGuard<TollKey>.Account {
        TollGuard.Account(
            payer: .trunk(trunk.name), limits: trunk.limits,
            number: trunk.numbers.outgoingCalled.rewrite(route.number))
    }

    /// Leaves out the trunks that may not carry a call which any may; answers why, when none is left.
    private func exclude(from route: inout TrunkRoute, _ roster: Roster) -> TollRefusal? {
        let able = roster.trunks.filter { $0.isEnabled && $0.takes(route.number) }
        var last: TollRefusal?
        for trunk in able {
            guard let refusal = toll.meters.refusal(of: account(trunk, route), now: loop.now) else { continue }
            route.excluded.insert(trunk.name)
            last = refusal
        }
        return route.excluded.count == able.count ? last : nil
    }

    private func refused(_ refusal: TollRefusal, _ key: TollKey) {
        services.logger.warn(
            "a limit refuses a call",
            [
                LogField("call", "\(key.call)"), LogField("kind", refusal.kind.rawValue),
                LogField("payer", refusal.payer),
            ])
        services.tollRefusals(refusal)
    }

    /// Follows a leg: from its answer on minutes are counted, and the trunk that took it is known.
    func noteToll(_ event: SIPLegEvent, of leg: SIPLegID, _ key: TollKey) {
        guard toll.legs[key.call]?.contains(key.leg) == true else { return }
        if case .answered = event {
            let name = services.sip.assumeIsolated { $0.trunkName(of: leg) }
            if let trunk = name.flatMap({ services.roster.current.trunk(named: $0) }),
                let refusal = toll.meters.charge(key, account(trunk, TrunkRoute(number: "")), now: loop.now)
            {
                cut(key, refusal)
            }
            toll.meters.answered(key, now: loop.now)
            rearmToll()
        } else if event.isLast {
            toll.meters.ended(key, now: loop.now)
            toll.legs[key.call]?.remove(key.leg)
            rearmToll()
        }
    }

    /// A leg lives on in another call, and is paid for as before.
    func moveToll(_ key: TollKey, to next: TollKey) {
        guard toll.legs[key.call]?.remove(key.leg) != nil else { return }
        toll.legs[next.call, default: []].insert(next.leg)
        toll.meters.rename(key, to: next)
    }

    /// Whether nobody who pays for a call has limits, so that it may go on where we cannot count it.
    func isUnlimited(_ trunk: Trunk, paidBy userID: Int64?) -> Bool {
        let roster = services.roster.current
        return trunk.limits.isEmpty && userID.map { roster.tollLimits(ofUser: $0).isEmpty } ?? true
    }

    /// Whether a user's limits let a vendor's exchange call a number for him.
    func checkToll(to number: String, paidBy userID: Int64?) throws(CallError) {
        guard let userID, let refusal = toll.meters.refusal(of: account(ofUser: userID, number), now: loop.now)
        else { return }
        services.logger.warn(
            "a limit refuses a call",
            [LogField("kind", refusal.kind.rawValue), LogField("payer", refusal.payer)])
        services.tollRefusals(refusal)
        throw .forbidden
    }

    /// Has a user pay for a call that a vendor's exchange makes for him, until `endToll`.
    func beginToll(ofVendorsCall call: UUID, to number: String, paidBy userID: Int64?) {
        guard let userID else { return }
        let key = TollKey(call: call, leg: Self.vendorsLeg)
        _ = toll.meters.begin(key, paidBy: [account(ofUser: userID, number)], now: loop.now)
        toll.legs[call, default: []].insert(key.leg)
    }

    /// The minutes of a vendor's call count from here.
    func answerToll(ofVendorsCall call: UUID) {
        let key = TollKey(call: call, leg: Self.vendorsLeg)
        guard toll.legs[call]?.contains(key.leg) == true else { return }
        toll.meters.answered(key, now: loop.now)
        rearmToll()
    }

    /// The exchange has its own legs; what is paid for is the call.
    private static let vendorsLeg = LegID(rawValue: 0)

    private func account(ofUser id: Int64, _ number: String) -> TollGuard<TollKey>.Account {
        TollGuard.Account(payer: .user(id), limits: services.roster.current.tollLimits(ofUser: id), number: number)
    }

    /// Nothing of a call is paid for any more.
    func endToll(ofCall call: UUID) {
        guard let legs = toll.legs.removeValue(forKey: call) else { return }
        for leg in legs { toll.meters.ended(TollKey(call: call, leg: leg), now: loop.now) }
        rearmToll()
    }

    private func rearmToll() {
        guard toll.timer != nil || toll.meters.limitsMinutes else { return }
        let next = toll.meters.nextDeadline(now: loop.now)
        if let timer = toll.timer {
            if timer.deadline == next { return }
            loop.cancel(timer.token)
        }
        toll.timer = next.map { deadline in
            (deadline, loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.cutOverspent() } })
        }
    }

    private func cutOverspent() {
        toll.timer = nil
        for (key, refusal) in toll.meters.overspent(now: loop.now) { cut(key, refusal) }
        rearmToll()
    }

    private func cut(_ key: TollKey, _ refusal: TollRefusal) {
        refused(refusal, key)
        switch calls[key.call] {
        case .call(let call): call.post(.overspent)
        case .room(let room): services.vendor?.hangUp(room.record)
        case nil: break
        }
    }
}

extension Call {
    /// Sends a leg out by a trunk, if those who pay for it may.
    func leave(_ id: LegID, _ route: TrunkRoute) {
        let (key, payer) = (TollKey(call: uuid, leg: id), payer(of: id))
        guard let admitted = manager.assumeIsolated({ $0.admitToll(key, route, paidBy: payer) }) else {
            update(id) { $0.course.note(.noWay(.limits)) }
            return post(.failed(id, .status(403)))
        }
        invite(id, .trunk(admitted), autoAnswer: false)
    }

    /// Who pays for a leg: whoever transfers to it, else whoever began the call, else whoever took it.
    private func payer(of id: LegID) -> Int64? {
        if case .transferring(let transfer) = live.phase, live.legs[id]?.side == .target {
            return payer(ofTransferBy: transfer.request.by)
        }
        let caller = live.legs.first { $0.side == .caller }
        return caller?.party.userID ?? (live.record.direction == .incoming ? nil : live.record.assignedUserID)
    }

    /// Who pays for a leg that somebody's transfer reaches.
    func payer(ofTransferBy author: HoldAuthor) -> Int64? {
        switch author {
        case .user(let userID?): return userID
        case .leg(let id): if let userID = live.legs[id]?.party.userID { return userID }
        case .user(nil): break
        }
        return live.record.answeredByUserID ?? live.record.assignedUserID
    }
}
