import CallKit
import CallModel
import Calls
import Crypto
import Directory
import Reactor
import SIPEndpoint
import SocketIO
import Synchronization
import Telemetry
import TestKit
import Wire

@testable import Signalling
@testable import Web

/// A server with signalling and calls on a simulated loop, and a host for its clients.
final class Scene {
    let loop: SimulatedLoop
    let client: SimulatedHost
    let address: SocketAddress
    let manager: CallManager
    let media: StandInMedia
    let store = MemoryStore()
    let users = PresenceStore()
    let signalling: Signalling
    private let box: RosterBox
    private let simulation: Simulation
    private let server: WebServer

    static let key = TokenKey(secret: "a secret of thirty-two bytes or so")
    static let roster = Roster(users: [
        User(id: 1, login: "anna", role: .operator, extension: "101"),
        User(id: 2, login: "boris", role: .operator, extension: "102"),
        User(id: 3, login: "chief", role: .admin),
        User(id: 4, login: "gone", status: .inactive),
        User(id: 5, login: "master", role: .master),
    ])

    init(isOpen: Bool = false, origins: String = "", seed: UInt64 = 1) throws {
        simulation = Simulation(seed: seed)
        let loop = simulation.loop
        self.loop = loop
        let host = simulation.host("192.0.2.1")
        client = simulation.host("192.0.2.9")
        media = StandInMedia(loop: loop, host: host.addresses[0])
        let roster = RosterBox(Self.roster)
        box = roster
        let callServices = CallServices(
            loop: loop, sip: makeEndpoint(loop, host), media: media, store: store, roster: roster, logger: .silent)
        callServices.conferenceRooms = [ConferenceRoom(name: "team", number: "8000")]
        callServices.streams = StreamSettings(network: host, hosts: ["bot"])
        manager = CallManager(callServices)
        let access = SignallingAccess(
            verify: { token throws(TokenError) in
                guard let key = Self.key else { throw .malformed }
                return try key.verify(token, now: loop.wallTime)
            },
            isOpen: { _ in isOpen }, asksNobody: isOpen, origins: OriginPolicy(origins))
        var services = SignallingServices(
            loop: loop, calls: manager, callStore: store, userStore: users, roster: roster, access: access,
            logger: .silent)
        services.iceServers = [["urls": "stun:stun.example"]]
        signalling = Signalling(services)
        var router = Router()
        signalling.addRoutes(to: &router)
        server = WebServer(
            loop: loop, network: host, application: WebApplication(router: router, sockets: signalling.endpoints))
        let here = SocketAddress(ip: host.addresses[0], port: 3000)
        address = here
        loop.runReady()
        let server = server
        loop.later { server.assumeIsolated { _ = try? $0.listen(on: here) } }
        loop.runReady()
        let (media, manager) = (media, manager)
        media.handler = { event in manager.assumeIsolated { $0.mediaEvent(event) } }
    }

    /// Gives the exchange a queue `sales` with the extension 2000.
    func addQueue(members: [Int64]) {
        var queue = CallQueue(id: 7, name: "sales")
        queue.extension = "2000"
        queue.members = members.map { QueueMember(userID: $0) }
        box.replace(Roster(users: box.current.users.values.sorted { $0.id < $1.id }, queues: [queue]))
        let manager = manager
        loop.later { manager.assumeIsolated { $0.rosterChanged() } }
        settle(.milliseconds(200))
    }

    /// Lets everything happen that needs no more than this time.
    func settle(_ duration: Duration = .milliseconds(20)) { loop.advance(by: duration) }

    static func token(_ id: Int64, role: String? = nil, expires: WallTime? = nil) -> String {
        let claims = TokenClaims(userID: id, role: role, expires: expires)
        return key?.sign(claims, issuedAt: WallTime(milliseconds: 0)) ?? ""
    }

    /// A plain socket of an authenticated user, its greeting already read.
    func socket(user id: Int64) -> TestSocket {
        let socket = TestSocket(self, "/ws?token=\(Self.token(id))")
        settle()
        _ = socket.take()
        return socket
    }

    /// A plain socket on an open server, its greeting already read.
    func openSocket() -> TestSocket {
        let socket = TestSocket(self, "/ws")
        settle()
        _ = socket.take()
        return socket
    }

    /// A room of document 004.
    func room() throws -> CallRecord {
        var request = CallRequest(caller: .page(userID: nil), target: "+79991234567", source: .webrtc)
        request.allowsRoom = true
        return try originate(request)
    }

    /// A call of another exchange that a client reports.
    func report(assignedTo userID: Int64) throws -> CallRecord {
        var call = ReportedCall(callerNumber: "+79991234567", receiverNumber: "+74951234567")
        call.assignedUserID = userID
        let wanted = call
        return try command { manager throws(CallError) in try manager.report(wanted).record }
    }

    func originate(_ request: CallRequest) throws -> CallRecord {
        try command { manager throws(CallError) in try manager.originate(request) }
    }

    private func command(
        _ body: @escaping @Sendable (isolated CallManager) throws(CallError) -> CallRecord
    ) throws -> CallRecord {
        var result: Result<CallRecord, CallError> = .failure(.callNotFound)
        let manager = manager
        loop.later {
            result = manager.assumeIsolated { manager in
                do throws(CallError) {
                    return .success(try body(manager))
                } catch {
                    return .failure(error)
                }
            }
        }
        settle()
        return try result.get()
    }

    /// A call from one user's page to another user's.
    func call(from: Int64 = 1, to: String = "102") throws -> CallRecord {
        try originate(CallRequest(caller: .page(userID: from), target: to, source: .webrtc))
    }
}

/// A directory that only remembers who was said to be online.
final class PresenceStore: UserStore {
    private let state = Mutex<[Int64: [User.Presence]]>([:])

    func presence(of id: Int64) -> [User.Presence] { state.withLock { $0[id] ?? [] } }

    func setPresence(_ presence: User.Presence, ofUser id: Int64) {
        state.withLock { $0[id, default: []].append(presence) }
    }

    func roster() async throws(StoreError) -> Roster { Scene.roster }
    func user(id: Int64) async throws(StoreError) -> User? { Scene.roster.users[id] }
    func credentials(login: String) async throws(StoreError) -> LoginCredentials? { nil }
    func phones(ofUser id: Int64) async throws(StoreError) -> [UserPhone] { [] }
    func companies(ids: Set<Int64>) async throws(StoreError) -> [Int64: Company] { [:] }
    func company(phone: PhoneNumber) async throws(StoreError) -> Company? { nil }
    func add(_ user: User, passwordHash: String?) async throws(StoreError) -> User { user }
    func setPasswordHash(_ hash: String, ofUser id: Int64) async throws(StoreError) {}
    func adopt(_ account: SIPAccount) async throws(StoreError) -> SIPAccount { account }
    func resetPresence() async throws(StoreError) {}
    func setting(_ name: String) async throws(StoreError) -> String? { nil }
    func setSetting(_ name: String, to value: String) async throws(StoreError) {}
    func setRegistration(_ registration: AccountRegistration?, ofAccount id: Int64) {}
}
