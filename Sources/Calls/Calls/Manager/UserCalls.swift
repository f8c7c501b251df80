package import CallModel
import Wire

/// Which live calls may concern which users, so that nobody's page makes us look through all calls.
///
/// A call stays with everybody it ever concerned, until it is over: whoever asks looks at the few that are found.
struct UserCalls {
    private var calls: [Int64: [Call]] = [:]

    func calls(of userID: Int64) -> [Call] { calls[userID] ?? [] }

    mutating func add(_ call: Call, to userID: Int64) { calls[userID, default: []].append(call) }

    mutating func remove(_ call: Call, from userIDs: [Int64]) {
        for id in userIDs {
            calls[id]?.removeAll { $0 === call }
            if calls[id]?.isEmpty == true { calls[id] = nil }
        }
    }
}

extension CallManager {
    /// The live calls that concern a user, oldest first; the others are not even looked at.
    package func liveRecords(concerning userID: Int64, asOperator: Bool) -> [CallRecord] {
        let own = userCalls.calls(of: userID).filter { call in
            call.assumeIsolated { $0.concerns(userID, asOperator: asOperator) }
        }
        let reported = rooms.values.filter { $0.record.concerns(userID, asOperator: asOperator) }
        return (own.map { call in call.assumeIsolated { $0.record } } + reported.map(\.record)).sorted { $0.id < $1.id }
    }

    /// The live calls that ring in the pages of a user (of anybody, for nil) now, oldest first.
    package func ringingRecords(userID: Int64?) -> [CallRecord] {
        let candidates = userID.map { userCalls.calls(of: $0) } ?? switchedCalls
        let ringing = candidates.filter { call in call.assumeIsolated { $0.hasUnansweredPage(of: userID) } }
        return ringing.map { call in call.assumeIsolated { $0.record } }.sorted { $0.id < $1.id }
    }

    private var switchedCalls: [Call] {
        calls.values.compactMap { entry in
            if case .call(let call) = entry { call } else { nil }
        }
    }
}

extension Call {
    func concerns(_ userID: Int64, asOperator: Bool) -> Bool {
        live.record.concerns(userID, asOperator: asOperator) || isParticipant(userID)
    }

    func hasUnansweredPage(of userID: Int64?) -> Bool { live.hasUnansweredPage(of: userID) }

    /// Has the call found by everybody it has come to concern.
    func beFoundByUsers() {
        guard isListed else { return }
        let record = live.record
        if let id = record.assignedUserID { beFound(by: id) }
        if let id = record.answeredByUserID { beFound(by: id) }
        if let id = record.operatorID { beFound(by: id) }
        for leg in live.legs { if let id = leg.party.userID { beFound(by: id) } }
        for id in offeredTo { beFound(by: id) }
    }

    private func beFound(by userID: Int64) {
        guard !foundBy.contains(userID) else { return }
        foundBy.append(userID)
        manager.assumeIsolated { $0.userCalls.add(self, to: userID) }
    }
}
