package import CallModel
import Directory
import SIPEndpoint
import Wire

/// What pages and the API ask.
extension CallManager {
    package func originate(_ request: CallRequest) throws(CallError) -> CallRecord {
        guard !isDraining else { throw .draining }
        guard !isFull else { throw .capacityExceeded }
        // A call that a client reports as incoming has come to it already: nobody is to be called.
        if request.allowsRoom, request.direction == .incoming { return try openRoom(request) }
        if let record = try callByVendor(request) { return record }
        guard let route = route(request.target) else {
            guard request.allowsRoom else { throw .extensionNotFound }
            return try openRoom(request)
        }
        let (plan, identity, userID) = try plan(request, route)
        var record = makeRecord(
            request.direction ?? route.direction, source: request.source, from: identity.user, to: request.target)
        record.assignedUserID = userID
        record.operatorID = route.userID ?? userID
        record.extension = route.extension ?? services.roster.current.users[userID ?? 0]?.extension
        record.clientID = request.clientID
        record.channelID = request.channelID
        let setup = CallSetup(target: dialledUser(request.target), identity: identity)
        let call = Call(manager: self, services: services, record: record, plan: plan, setup: setup)
        add(.call(call))
        call.assumeIsolated { $0.perform(.begin) }
        return call.assumeIsolated { $0.record }
    }

    private func plan(_ request: CallRequest, _ route: Route) throws(CallError) -> (CallPlan, CallerIdentity, Int64?) {
        switch request.caller {
        case .page(let userID):
            let caller: Party = userID.map { .user($0) } ?? .visitor
            let plan = CallPlan(
                callers: [caller], callerState: .awaited, callees: route.parties, queue: route.queue)
            return (plan, identity(of: userID, shown: request.callerNumber), userID)
        case .devices(let number):
            guard let from = routeToExtension(number) else { throw .extensionNotFound }
            // Nobody would ever answer: better said now than by a call that fails.
            guard !from.parties.isEmpty else { throw .nobodyThere(.from) }
            let plan = CallPlan(
                callers: from.parties, callerState: .calling, callees: route.parties, autoAnswer: request.autoAnswer,
                queue: route.queue)
            return (plan, identity(of: from.userID, shown: number, account: number), from.userID)
        }
    }

    /// Whoever calls goes out under an account of their own, whatever number is shown.
    private func identity(of userID: Int64?, shown number: String?, account: String? = nil) -> CallerIdentity {
        let roster = services.roster.current
        let own = userID.flatMap(roster.extension(ofUser:))
        return CallerIdentity(
            displayName: userID.flatMap { roster.users[$0]?.displayName }, user: number ?? own ?? "tandem",
            account: account ?? own)
    }

    package func accept(_ key: CallKey, userID: Int64?) throws(CallError) -> CallRecord {
        if case .room(let room) = entry(key) { return try accept(room, userID: userID) }
        return try command(key) { call throws(CallError) in
            let isTaken = call.live.record.state.isUp || call.live.isJoining
            guard !isTaken || call.live.isBeingOffered else { throw .alreadyAnswered }
            guard call.live.hasUnansweredPage(of: userID) else { throw .invalidState }
            call.perform(.accepted(userID: userID))
        }
    }

    package func decline(_ key: CallKey, userID: Int64?) throws(CallError) -> CallRecord {
        if case .room(let room) = entry(key) { return try decline(room, userID: userID) }
        return try command(key) { call throws(CallError) in
            let isTaken = call.live.record.state.isUp || call.live.isJoining
            guard !isTaken || call.live.isBeingOffered else { throw .alreadyAnswered }
            call.perform(.declined(userID: userID))
        }
    }

    /// `seconds`: how long they talked, of a call whose media were never here; of any other we know it.
    package func hangUp(
        _ key: CallKey, userID: Int64?, talked seconds: Int? = nil
    ) throws(CallError) -> CallRecord {
        if case .room(let room) = entry(key) {
            return room.isMirror ? try hangUpMirror(room) : end(room, .completed, .commandHangup, talked: seconds)
        }
        return try command(key) { call throws(CallError) in call.perform(.hangUp(userID: userID)) }
    }

    /// Repeating it changes nothing.
    package func hold(_ key: CallKey, _ on: Bool, userID: Int64?) throws(CallError) -> CallRecord {
        if case .room(let room) = entry(key) {
            return room.isMirror ? try holdMirror(room, on) : try hold(room, on, userID: userID)
        }
        return try command(key) { call throws(CallError) in
            guard call.live.record.state == .answered || call.live.record.state == .held else { throw .invalidState }
            call.perform(.hold(on, by: .user(userID)))
        }
    }

    package func transfer(_ key: CallKey, to target: TransferTarget, reason: String?, userID: Int64?)
        throws(CallError) -> CallRecord
    {
        if case .call(let other) = target { return try join(call(key), with: call(other), userID: userID) }
        if case .room(let room) = entry(key) {
            guard !room.isMirror else { return try transferMirror(room, to: target) }
            return try transfer(room, to: target, reason: reason, userID: userID)
        }
        var request = try transferRequest(target, reason, userID)
        request.refersFarEnd = refersFarEnd(request, in: try call(key))
        let wanted = request
        return try command(key) { call throws(CallError) in
            guard call.live.isWhole else { throw .invalidState }
            call.perform(.transfer(wanted))
        }
    }

    private func transferRequest(_ target: TransferTarget, _ reason: String?, _ userID: Int64?)
        throws(CallError) -> TransferRequest
    {
        switch target {
        case .call, .consultation: throw .invalidState
        case .number(let number):
            guard let route = route(number) else { throw .extensionNotFound }
            guard route.leadsSomewhere else { throw .nobodyThere(.target) }
            return TransferRequest(
                by: .user(userID), target: dialledUser(number), parties: route.parties, targetUserID: route.userID,
                reason: reason, queue: route.queue)
        case .user(let id):
            let parties = devices(ofUser: id)
            guard let user = services.roster.current.users[id], !parties.isEmpty else { throw .userNotFound }
            return TransferRequest(
                by: .user(userID), target: user.extension ?? "user:\(id)", parties: parties, targetUserID: id,
                reason: reason)
        }
    }

    /// Changes what people wrote on a live call, with the rows that go with it; nil when it is not live (any more): then
    /// the store has the last word.
    package func edit(
        _ key: CallKey, userID: Int64?, rows: [CallRow] = [], _ change: @Sendable (inout CallRecord) -> Void
    ) -> CallRecord? {
        switch entry(key) {
        case .call(let call): return call.assumeIsolated { $0.edit(userID: userID, rows: rows, change) }
        case .room(let room): return edit(room, userID: userID, rows: rows, change)
        case nil: return nil
        }
    }

    /// Runs a command on a call and answers its record afterwards, also when the command ended it.
    func command(_ key: CallKey, _ body: @Sendable (isolated Call) throws(CallError) -> Void)
        throws(CallError) -> CallRecord
    {
        let call = try call(key)
        let result: Result<CallRecord, CallError> = call.assumeIsolated { call in
            do throws(CallError) {
                try body(call)
                return .success(call.record)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
