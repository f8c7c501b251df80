package import CallModel
import CallViews
package import Calls
package import Directory
package import Reactor
package import Web
import Wire

/// The REST interface: what its handlers work with, and how each request reaches one.
///
/// Handlers run on the control loop and only ever wait for the store and for the password thread.
package struct API: Sendable {
    package let loop: any EventLoop
    package let calls: CallManager
    package let store: any CallStore
    package let users: any UserStore
    package let roster: RosterBox
    package let access: Access
    package let passwords: PasswordChecker
    /// What administrators need; nil: their routes are not offered.
    package var admin: AdminServices?
    package var dates = DateBounds()
    package var tokenLifetime: Duration = .seconds(12 * 3600)
    /// Where long lists are rendered; nil: on the loop.
    package var background: BackgroundWork?
    /// The way to another PBX; nil: its routes are not offered.
    package var pbx: PBXServices?
    /// Where recordings are kept that are not here; nil: nowhere.
    package var storedRecordings: StoredRecordings?
    /// What keeps answers that are repeated beyond the life of this process; nil: they are forgotten with it.
    package var answers: (any AnswerStore)?
    /// Who follows calls; whoever writes a call's end asks it for what ends with it.
    package var sessions = OpenSessions()
    let throttle = LoginThrottle()
    let creations = IdempotencyKeys()
    /// Changes of what administrators keep.
    let turns = Turns()
    let newestRecord = RecordMoment()

    package init(
        loop: any EventLoop, calls: CallManager, store: any CallStore, users: any UserStore, roster: RosterBox,
        access: Access, passwords: PasswordChecker
    ) {
        (self.loop, self.calls, self.store, self.users) = (loop, calls, store, users)
        (self.roster, self.access, self.passwords) = (roster, access, passwords)
    }

    /// Adds every route.
    package func add(to router: inout Router) {
        addLogin(to: &router)
        addGatewayCalls(to: &router)
        addRecordCalls(to: &router)
        addCRMCalls(to: &router)
        addCRMExtras(to: &router)
        addStatistics(to: &router)
        addPBXCommands(to: &router)
        addPlays(to: &router)
        addStreams(to: &router)
        addPBXLists(to: &router)
        addPBXNotes(to: &router)
        addPBXConnection(to: &router)
        addColleagues(to: &router)
        addTraces(to: &router)
        addDiagnoses(to: &router)
        addDiagnosisLinks(to: &router)
        addRecordings(to: &router)
        addQueues(to: &router)
        addConferences(to: &router)
        addAdmin(to: &router)
    }

    /// A handler for a request whose caller is known.
    typealias Answer = @Sendable (APIRequest) async throws(Failure) -> HTTPResponse

    /// Adds a route that is open to whoever `access` lets in.
    ///
    /// Whoever is told that something was done may rely on it, whatever becomes of this process: what was queued for the
    /// store meanwhile is written before the answer.
    func on(
        _ method: HTTPMethod, _ template: String, _ operation: Operation, _ router: inout Router,
        _ answer: @escaping Answer
    ) {
        let (access, loop, store) = (access, loop, store)
        router.on(method, template, operation) { request, parameters in
            do throws(Failure) {
                let caller = try access.caller(of: request, now: loop.wallTime)
                let response = try await answer(APIRequest(http: request, parameters: parameters, caller: caller))
                if method != .get { await store.flush() }
                return response
            } catch {
                return error.response
            }
        }
    }
}

// MARK: - What handlers share

extension API {
    /// Runs a command of call control, with its refusals in the contract's words.
    func command<Result>(_ body: () async throws(CallError) -> Result) async throws(Failure) -> Result {
        do throws(CallError) {
            return try await body()
        } catch {
            throw Failure(error)
        }
    }

    /// Asks the store, whose absence is not the client's fault.
    func stored<Result>(_ body: () async throws(StoreError) -> Result) async throws(Failure) -> Result {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw .storeUnavailable
        }
    }

    /// Asks the store for what an answer can do without: nil while it is away, for calls go on.
    func storedIfReachable<Result>(_ body: () async throws(StoreError) -> Result?) async -> Result? {
        do throws(StoreError) {
            return try await body()
        } catch {
            return nil
        }
    }

    /// A call, live or ended, that the caller may see.
    func record(_ key: CallKey, for caller: Caller) async throws(Failure) -> CallRecord {
        if let live = await calls.liveRecord(key) {
            guard await maySee(live, caller) else { throw .forbidden }
            return live
        }
        guard let ended = try await stored({ () throws(StoreError) in try await store.call(key) }) else {
            throw .callNotFound
        }
        guard await maySee(ended, caller) else { throw .forbidden }
        return ended
    }

    /// A live call the caller may command; an ended one is a conflict.
    func liveRecord(_ key: CallKey, for caller: Caller) async throws(Failure) -> CallRecord {
        let found = try await record(key, for: caller)
        guard !found.state.isTerminal else { throw .alreadyEnded }
        return found
    }

    /// Rule §0.6: everybody's calls for those who direct, one's own for the others.
    func maySee(_ record: CallRecord, _ caller: Caller) async -> Bool {
        guard case .user(let id, let role) = caller, !role.seesAllCalls else { return true }
        if record.assignedUserID == id || record.answeredByUserID == id { return true }
        if role == .operator, record.operatorID == id { return true }
        return await calls.isParticipant(userID: id, in: record.key)
    }

    /// The same rule for lists; `userID` narrows it to one user's calls.
    func visibility(_ caller: Caller, userID: Int64? = nil) throws(Failure) -> CallQuery.Visibility {
        guard case .user(let id, let role) = caller, !role.seesAllCalls else {
            guard let userID else { return .all }
            return .user(userID, isOperator: roster.current.users[userID]?.role == .operator)
        }
        guard userID ?? id == id else { throw .forbidden }
        return .user(id, isOperator: role == .operator)
    }

    /// The calls with everything their views name, companies included.
    func facts(_ records: [CallRecord]) async throws(Failure) -> [CallFacts] {
        let ids = Set(records.compactMap(\.callerCompanyID))
        let companies =
            ids.isEmpty
            ? nil : await storedIfReachable { () throws(StoreError) in try await users.companies(ids: ids) }
        let people = roster.current
        return records.map { CallFacts(record: $0, roster: people, companies: companies ?? [:]) }
    }

    func render(_ record: CallRecord, _ view: CallView, _ form: CallView.Form = .list) async throws(Failure)
        -> JSONValue
    {
        guard var facts = try await facts([record]).first else { throw .internalError }
        if form == .detail, let path = record.objectPath {
            facts.playableRecordingURL = storedRecordings?.link(path)
        }
        return view.render(facts, form)
    }
}
