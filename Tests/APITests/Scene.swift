import CallKit
import CallModel
import Calls
import Crypto
import Directory
import Media
import Reactor
import SIPEndpoint
import Synchronization
import Telemetry
import TestKit
import Testing
import Web
import Wire

@testable import API

/// The lines of a log that writes nothing below `info`.
final class MemoryLog: LogSink {
    private let kept = Locked<[LogLine]>([])

    var lines: [LogLine] { kept.withLock { $0 } }

    func accepts(_ level: LogLevel) -> Bool { level >= .info }
    func write(_ line: LogLine) { kept.withLock { $0.append(line) } }
}

/// The REST interface over calls on a simulated loop.
final class Scene {
    let loop: SimulatedLoop
    let manager: CallManager
    let store = RecordingStore()
    let directory = MemoryDirectory(Scene.roster)
    let router: Router
    private let application: WebApplication
    private let witness = Witness()
    let media: StandInMedia
    let logLevel = Locked(LogLevel.info)
    let log = MemoryLog()
    private let box: RosterBox
    private static let key = TokenKey(secret: "a secret of thirty-two bytes or so")

    static let roster = Roster(
        users: [
            User(id: 1, login: "anna", role: .operator, extension: "101"),
            User(id: 2, login: "boris", role: .operator, extension: "102"),
            User(id: 3, login: "chief", role: .admin),
        ],
        phones: [UserPhone(id: 1, userID: 1, number: "+79161112233", kind: .mobile, isPrimary: true)],
        lines: [PhoneLine(id: 1, number: "+7 495 111-22-33")])

    init(
        _ mode: AuthMode = .off, seed: UInt64 = 1, sounds: String? = nil, fetch: SoundFetch? = nil,
        portsAreFixed: Bool = false, answers: (any AnswerStore)? = nil
    )
        throws
    {
        let simulation = Simulation(seed: seed)
        let loop = simulation.loop
        self.loop = loop
        let host = simulation.host("192.0.2.1")
        media = StandInMedia(loop: loop, host: host.addresses[0])
        let roster = RosterBox(Self.roster)
        box = roster
        let services = CallServices(
            loop: loop, sip: makeEndpoint(loop, host), media: media, store: store, roster: roster,
            logger: Logger(label: "calls", sink: log))
        services.conferenceRooms = [ConferenceRoom(name: "team", number: "8000")]
        services.fetchSound = fetch
        services.soundFiles = sounds.map { SoundFiles(folder: $0, thread: loop) }
        let sessions = OpenSessions()
        services.publish = { sessions.rows(for: $0) }
        manager = CallManager(services)
        let access = Access(mode: mode, key: try #require(Self.key), roster: { roster.current })
        var api = API(
            loop: loop, calls: manager, store: store, users: PeopleStore(), roster: roster, access: access,
            passwords: PasswordChecker(thread: loop))
        api.answers = answers
        api.sessions = sessions
        let directory = directory
        api.pbx = PBXServices(
            connection: {
                let trunk = Trunk(name: "default", host: "sip.example.com", port: 5060, transport: .udp)
                return PBXServices.Connection(trunk: trunk, isConnected: true, registeredUsers: 2)
            },
            attempt: { target in
                target.port == 5061 ? nil : PBXServices.Trial(isConnected: target.host == "good", message: "said")
            })
        api.admin = AdminServices(
            store: directory, reload: { roster.replace(directory.present) }, registrations: { _ in 2 },
            trunkStatus: { ["name": .string($0)] })
        api.admin?.webhooks = WebhookServices(
            test: { _ in ("e1", "HTTP 500") }, replay: { _, event throws(StoreError) in event == "known" ? 3 : nil })
        api.admin?.settings = Self.settings(roster, portsAreFixed)
        api.admin?.running = RunningServices(
            status: { ["state": "ready"] },
            trunks: {
                [TrunkState(name: "carrier", isRegistered: true, isReachable: nil, channels: 2, detail: "well")]
            },
            registrations: {
                [
                    RegisteredDevice(
                        account: SIPAccount(
                            id: 1, extension: "101", username: "anna", secret: .password("x"), displayName: "Anna"),
                        contact: "sip:anna@192.0.2.7", transport: "UDP", address: "192.0.2.7:5060", expiresIn: 60)
                ]
            })
        let level = logLevel
        api.admin?.logs = LogServices(
            level: { level.withLock { $0 } }, setLevel: { new in level.withLock { $0 = new } })
        var router = Router()
        api.add(to: &router)
        self.router = router
        application = WebApplication(router: router)
        let (manager, witness) = (manager, witness)
        loop.later { manager.assumeIsolated { $0.addObserver(witness) } }
        loop.advance(by: .milliseconds(1))
        media.handler = { event in manager.assumeIsolated { $0.mediaEvent(event) } }
    }

    /// A server whose PBX registers the first account and refuses all others.
    private static func settings(_ roster: RosterBox, _ portsAreFixed: Bool) -> SettingsServices {
        SettingsServices(
            state: { (true, "of \($0)") },
            ports: {
                SettingsServices.Ports(range: roster.current.settings.rtpPorts ?? 20_000...29_999, legs: 5000)
            }, portsAreFixed: portsAreFixed,
            accounts: { name in
                let logins = roster.current.trunk(named: name)?.credentials.map(\.username) ?? []
                return Dictionary(
                    uniqueKeysWithValues: logins.map { login in
                        let isFirst = login == logins.first
                        return (
                            login,
                            SettingsServices.Standing(isRegistered: isFirst, failure: isFirst ? nil : "403 Forbidden")
                        )
                    })
            },
            examine: { trunk in
                guard trunk.targets.first?.host != "busy.example" else { return nil }
                return ["trunk": .string(trunk.name), "accounts": JSONValue(trunk.credentials.count)]
            }, startup: [("SIP_LISTEN_PORT", "5060")])
    }

    /// Everything that was told of calls, in its order.
    var notices: [CallEvent.Notice] {
        loop.advance(by: .milliseconds(1))
        return witness.events.map(\.notice)
    }

    /// Gives the exchange these queues.
    func change(queues: [CallQueue]) {
        box.replace(Roster(users: box.current.users.values.sorted { $0.id < $1.id }, queues: queues))
        let manager = manager
        loop.later { manager.assumeIsolated { $0.rosterChanged() } }
        loop.advance(by: .milliseconds(20))
    }

    /// A page of the user that can take calls is there.
    func open(pagesOf userID: Int64) {
        let manager = manager
        loop.later { manager.assumeIsolated { $0.pagesChanged(userID: userID, online: 1) } }
        loop.advance(by: .milliseconds(20))
    }

    /// An answer's status and its body.
    struct Answer {
        let status: Int
        let body: JSONValue
        let fields: HTTPFields

        var code: String? { body["error"]?["code"]?.stringValue }
        subscript(_ key: String) -> JSONValue? { body[key] }
    }

    /// Asks as a user, or as nobody.
    func ask(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, user: Int64? = nil, role: String? = nil,
        fields: [String: String] = [:]
    ) throws -> Answer {
        var all = HTTPFields()
        for (name, value) in fields { all.add(name, value) }
        if let user { all.add("Authorization", "Bearer \(Self.token(user, role: role))") }
        return try ask(method, path, bytes: body?.encoded() ?? [], all)
    }

    /// Asks for something of `/api/v1/admin` as the administrator.
    func admin(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil) throws -> Answer {
        try ask(method, "/api/v1/admin/\(path)", body, user: 3)
    }

    func ask(_ method: HTTPMethod, _ path: String, bytes: [UInt8], _ fields: HTTPFields) throws -> Answer {
        let response = try respond(method, path, bytes: bytes, fields)
        let isJSON = response.fields["Content-Type"]?.hasPrefix("application/json") == true
        let text = JSONValue.string(String(decoding: response.body, as: UTF8.self))
        let body = response.body.isEmpty ? .null : isJSON ? try JSONValue(parsing: response.body) : text
        return Answer(status: response.status.code, body: body, fields: response.fields)
    }

    /// The body of an answer that is no JSON.
    func text(_ method: HTTPMethod, _ path: String, _ fields: HTTPFields = HTTPFields()) throws -> String {
        let response = try respond(method, path, bytes: [], fields)
        #expect(response.fields["Content-Type"]?.hasPrefix("text/plain") == true)
        return String(decoding: response.body, as: UTF8.self)
    }

    private func respond(_ method: HTTPMethod, _ path: String, bytes: [UInt8], _ fields: HTTPFields) throws
        -> HTTPResponse
    {
        let target = try #require(HTTPTarget(path))
        let remote = try #require(SocketAddress(host: "192.0.2.77", port: 4000))
        let request = HTTPRequest(
            method: method, target: target, fields: fields, body: bytes, remote: remote, host: "pbx.example")
        let application = application
        return try #require(try loop.complete { await application.respond(to: request) })
    }

    static func token(_ id: Int64, role: String? = nil) -> String {
        key?.sign(TokenClaims(userID: id, role: role), issuedAt: WallTime(milliseconds: 0)) ?? ""
    }

    /// A page of a user that has joined a call and sent its offer.
    func join(_ uuid: UUID, user: Int64?, id: String = "page-1") throws -> ScriptedPage {
        let page = ScriptedPage(id, userID: user)
        let manager = manager
        _ = try loop.complete {
            _ = try await manager.join(.uuid(uuid), page)
            try await manager.offer(.uuid(uuid), from: page, sdp: ScriptedPage.offer())
        }
        loop.advance(by: .milliseconds(20))
        return page
    }

    /// A call in which Anna's page talks to Boris's.
    func talking() throws -> CallRecord {
        open(pagesOf: 2)
        let manager = manager
        let record = try loop.complete {
            try await manager.originate(CallRequest(caller: .page(userID: 1), target: "102", source: .webrtc))
        }
        let call = try #require(record)
        _ = try join(call.uuid, user: 1, id: "anna")
        _ = try loop.complete { _ = try await manager.accept(call.key, userID: 2) }
        _ = try join(call.uuid, user: 2, id: "boris")
        return call
    }

    /// The browser transports of every leg come up.
    func connectMedia() {
        for leg in media.open { media.handler(.connected(leg)) }
        loop.advance(by: .milliseconds(20))
    }
}

/// The store of the scene: keeps records in memory, and the last query it was asked.
final class RecordingStore: CallStore {
    private let memory = MemoryStore()
    private let query = Mutex<CallQuery?>(nil)
    private let broken = Atomic(false)
    private let mostCounted = Atomic(Int.max)

    var nextCallID: Int64 { memory.nextCallID }
    var records: [CallRecord] { memory.records }
    var sessions: [CallSession] { memory.sessions }
    var lastQuery: CallQuery? { query.withLock { $0 } }
    /// From now on every read fails.
    func breakDown() { broken.store(true, ordering: .relaxed) }
    /// Lists are not counted beyond.
    func count(atMost total: Int) { mostCounted.store(total, ordering: .relaxed) }

    func write(_ change: CallChange) { memory.write(change) }

    func call(_ key: CallKey) async throws(StoreError) -> CallRecord? {
        if broken.load(ordering: .relaxed) { throw .closed }
        return try await memory.call(key)
    }

    func add(_ record: CallRecord, rows: [CallRow]) async throws(StoreError) {
        if broken.load(ordering: .relaxed) { throw .closed }
        try await memory.add(record, rows: rows)
    }

    func edit(
        _ key: CallKey, rows: [CallRow], at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow],
        _ change: @escaping @Sendable (inout CallRecord) -> Void
    ) async throws(StoreError) -> CallRecord? {
        if broken.load(ordering: .relaxed) { throw .closed }
        return try await memory.edit(key, rows: rows, at: now, following: following, change)
    }

    func tallies(matching query: CallQuery, byPerson: Bool) async throws(StoreError) -> [CallTally] {
        self.query.withLock { $0 = query }
        if broken.load(ordering: .relaxed) { throw .closed }
        return try await memory.tallies(matching: query, byPerson: byPerson)
    }

    func call(channelID: String) async throws(StoreError) -> CallRecord? { try await memory.call(channelID: channelID) }

    func calls(matching query: CallQuery) async throws(StoreError) -> CallPage {
        self.query.withLock { $0 = query }
        if broken.load(ordering: .relaxed) { throw .closed }
        var page = try await memory.calls(matching: query)
        let most = mostCounted.load(ordering: .relaxed)
        if page.total > most { (page.total, page.isTotalExact) = (most, false) }
        return page
    }

    func sessions(ofCall id: Int64?, activeOnly: Bool) async throws(StoreError) -> [CallSession] {
        try await memory.sessions(ofCall: id, activeOnly: activeOnly)
    }

    func trace(ofCall id: Int64) async throws(StoreError) -> JSONValue? { try await memory.trace(ofCall: id) }

    func diagnosis(ofCall id: Int64) async throws(StoreError) -> JSONValue? {
        try await memory.diagnosis(ofCall: id)
    }

    func closeInterrupted(
        at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow]
    ) async throws(StoreError) -> Int { 0 }
    func flush() async {}
}

/// People who can log in: `anna` with the password `right`, `gone` who left.
final class PeopleStore: UserStore {
    private let hash: String = {
        var entropy = Entropy(seed: 1)
        return PasswordHash.make("right", cost: .generated, using: &entropy)
    }()

    /// Boris is online, and so was somebody who has left.
    func roster() async throws(StoreError) -> Roster {
        let online = [
            User(id: 2, login: "boris", firstName: "Борис", presence: .online, extension: "102"),
            User(id: 4, login: "gone", status: .inactive, presence: .online),
        ]
        return Roster(users: online + Scene.roster.users.values)
    }
    func user(id: Int64) async throws(StoreError) -> User? { Scene.roster.users[id] }

    func credentials(login: String) async throws(StoreError) -> LoginCredentials? {
        switch login {
        case "anna": LoginCredentials(user: User(id: 1, login: "anna"), passwordHash: hash)
        case "gone": LoginCredentials(user: User(id: 4, login: "gone", status: .inactive), passwordHash: hash)
        case "nohash": LoginCredentials(user: User(id: 5, login: "nohash"), passwordHash: nil)
        default: nil
        }
    }

    func phones(ofUser id: Int64) async throws(StoreError) -> [UserPhone] { Scene.roster.phones[id] ?? [] }
    /// The company that calls from +74951234567.
    static let company = Company(
        id: 5, name: "ООО Технологии", inn: "1234567890",
        phones: [CompanyPhone(number: "+7 (495) 123-45-67", contactPerson: "Иван Петров")])

    func companies(ids: Set<Int64>) async throws(StoreError) -> [Int64: Company] {
        ids.contains(Self.company.id) ? [Self.company.id: Self.company] : [:]
    }
    func company(phone: PhoneNumber) async throws(StoreError) -> Company? {
        Self.company.phones.contains { phone.matches($0.number) } ? Self.company : nil
    }
    func add(_ user: User, passwordHash: String?) async throws(StoreError) -> User { user }
    func setPasswordHash(_ hash: String, ofUser id: Int64) async throws(StoreError) {}
    func adopt(_ account: SIPAccount) async throws(StoreError) -> SIPAccount { account }
    func resetPresence() async throws(StoreError) {}
    func setting(_ name: String) async throws(StoreError) -> String? { nil }
    func setSetting(_ name: String, to value: String) async throws(StoreError) {}
    func setPresence(_ presence: User.Presence, ofUser id: Int64) {}
    func setRegistration(_ registration: AccountRegistration?, ofAccount id: Int64) {}
}
