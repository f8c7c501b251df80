package import CallModel
package import Calls
package import Directory
package import Reactor
package import Telemetry
import Web
package import Wire

/// What signalling is made of.
package struct SignallingServices: Sendable {
    package let loop: any EventLoop
    package let calls: CallManager
    package let callStore: any CallStore
    package let userStore: any UserStore
    package let roster: RosterBox
    package let access: SignallingAccess
    package let logger: Logger
    /// Handed to browsers on `join-call`, each an object of `RTCIceServer`.
    package var iceServers: [JSONValue] = []
    /// `TEST_MODE`: everybody may make up calls, and commands are logged.
    package var isTest = false

    package init(
        loop: any EventLoop, calls: CallManager, callStore: any CallStore, userStore: any UserStore, roster: RosterBox,
        access: SignallingAccess, logger: Logger
    ) {
        (self.loop, self.calls, self.callStore, self.userStore) = (loop, calls, callStore, userStore)
        (self.roster, self.access, self.logger) = (roster, access, logger)
    }
}

/// Knows every signalling session and who is in which room, and brings each event to its receivers.
package actor SignallingHub {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let services: SignallingServices
    nonisolated var access: SignallingAccess { services.access }

    /// What the hub must know of a session to send it something.
    struct Member {
        let channel: Channel
        let session: Session
        var style: EventStyle
        var user: SignallingUser?
        let isOpen: Bool
        var rooms: Set<String> = []

        /// Receives events at all.
        var isAdmitted: Bool { isOpen || user != nil }
    }

    var members: [String: Member] = [:]
    private var rooms: [String: Set<String>] = [:]
    /// Authenticated sessions of each user.
    private var online: [Int64: Int] = [:]
    /// Whose phone is registered, by its account.
    private var phones: [String: Int64] = [:]
    /// How many phones of each user are registered.
    private var phoneCounts: [Int64: Int] = [:]
    /// Open sessions, which receive everything.
    private(set) var openSessions: Set<String> = []
    /// Which sessions were shown each live call, so that none is shown it twice.
    var announced: [UUID: Set<String>] = [:]
    var echoes: [UUID: [EventEcho: JSONValue]] = [:]
    /// Calls that were live when they were last heard of.
    var liveCalls: Set<UUID> = []
    var isUpstreamRegistered = false
    /// Sessions whose list of live calls has changed.
    var dirty: Set<String> = []
    var isListTimerSet = false
    var journal: EventJournal
    /// When the last session went; nil before the first one.
    private(set) var emptySince: Instant?
    /// Nil: this node is alone.
    var otherNodes: OtherNodes?
    /// Who has a socket open at another node.
    var usersElsewhere: Set<Int64> = []
    /// Which sessions were shown each call of another node.
    var announcedElsewhere: [UUID: Set<String>] = [:]
    static let maximumAnnouncedElsewhere = 10_000
    static let presencesPerTurn = 200
    private var entropy: Entropy

    package init(_ services: SignallingServices) {
        self.services = services
        loop = services.loop
        entropy = services.loop.makeEntropy()
        let start = UInt64(clamping: services.loop.wallTime.milliseconds)
        journal = EventJournal(run: String(start, radix: 36) + entropy.hex(2))
    }

    package var sessionCount: Int { members.count }

    /// Sessions by the door they came through.
    package var sessionCounts: (plain: Int, socketIO: Int) {
        let plain = members.values.count { if case .plain = $0.channel { true } else { false } }
        return (plain, members.count - plain)
    }

    // MARK: - Sessions

    nonisolated func makeSession(_ channel: Channel, style: EventStyle, _ opening: SessionOpening) -> Session {
        assumeIsolated { hub in
            let id = hub.entropy.hex(10)
            let style = opening.lastEventID == nil ? style : style.numbered
            let session = Session(id: id, channel: channel, style: style, opening, hub: hub)
            hub.members[id] = Member(channel: channel, session: session, style: style, isOpen: opening.isOpen)
            if opening.isOpen { hub.openSessions.insert(id) }
            return session
        }
    }

    func remove(_ id: String) {
        guard let member = members[id] else { return }
        for room in member.rooms { leave(room, id) }
        members[id] = nil
        openSessions.remove(id)
        dirty.remove(id)
        if let user = member.user { presenceChanged(user.id, by: -1) }
        if members.isEmpty { emptySince = loop.now }
    }

    func setStyle(_ style: EventStyle, of id: String) { members[id]?.style = style }

    /// Gives a session its user and that user's rooms; a former user's are left.
    func setUser(_ user: SignallingUser, of id: String) -> [String] {
        guard let member = members[id] else { return [] }
        let former = member.user
        for room in former?.rooms ?? [] { leave(room, id) }
        members[id]?.user = user
        for room in user.rooms { join(room, id) }
        presenceChanged(user.id, by: 1)
        if let former { presenceChanged(former.id, by: -1) }
        return user.rooms
    }

    /// Makes a session nobody's: it leaves every room and hears nothing more.
    func clearUser(of id: String) {
        guard let member = members[id], let user = member.user else { return }
        for room in member.rooms { leave(room, id) }
        members[id]?.user = nil
        presenceChanged(user.id, by: -1)
    }

    /// Tells calls how many sockets a user has, and the directory when there is the first or no way to reach them.
    private func presenceChanged(_ userID: Int64, by change: Int) {
        let was = isReachable(userID)
        let online = (online[userID] ?? 0) + change
        if (self.online[userID] != nil) != (online > 0) { otherNodes?.setOnline(online > 0, userID) }
        self.online[userID] = online > 0 ? online : nil
        services.calls.assumeIsolated { $0.pagesChanged(userID: userID, online: online) }
        tellPresence(of: userID, was)
    }

    /// A phone counts like a socket: its user is online while either is there.
    func phoneChanged(account: String, userID: Int64?, isRegistered: Bool) {
        guard let owner = isRegistered ? userID : phones[account] else { return }
        let was = isReachable(owner)
        if let former = phones[account] { countPhone(of: former, by: -1) }
        phones[account] = isRegistered ? owner : nil
        if isRegistered { countPhone(of: owner, by: 1) }
        tellPresence(of: owner, was)
    }

    private func countPhone(of userID: Int64, by change: Int) {
        let count = (phoneCounts[userID] ?? 0) + change
        phoneCounts[userID] = count > 0 ? count : nil
    }

    func isReachable(_ userID: Int64) -> Bool { isOnline(userID) || phoneCounts[userID] != nil }

    func tellPresence(of userID: Int64, _ was: Bool) {
        let isOnline = isReachable(userID)
        if isOnline != was { services.userStore.setPresence(isOnline ? .online : .offline, ofUser: userID) }
    }

    /// Whether a user has a socket open, here or at another node.
    func isOnline(_ userID: Int64) -> Bool { online[userID] != nil || usersElsewhere.contains(userID) }

    func newUUID() -> UUID { UUID(using: &entropy) }

    // MARK: - Rooms

    func join(_ room: String, _ id: String) {
        guard members[id]?.rooms.insert(room).inserted == true else { return }
        rooms[room, default: []].insert(id)
    }

    func leave(_ room: String, _ id: String) {
        guard members[id]?.rooms.remove(room) != nil else { return }
        rooms[room]?.remove(id)
        if rooms[room]?.isEmpty == true { rooms[room] = nil }
    }

    /// The sessions in a room.
    func sessions(in room: String) -> Set<String> { rooms[room] ?? [] }

    // MARK: - Sending

    /// Tells an event, and keeps it for those of its audience who are away.
    ///
    /// `receivers` are the audience's sessions, or what is left of them.
    func send(_ event: SignallingEvent, to audience: Audience, receivers: Receivers? = nil) {
        sendHere(event, to: audience, receivers: receivers)
        otherNodes?.tell(event.message(to: audience))
    }

    /// The same for what is of this node alone.
    func sendHere(_ event: SignallingEvent, to audience: Audience, receivers: Receivers? = nil) {
        var encoder = journal.encoder(for: event)
        deliver(&encoder, to: receivers ?? self.receivers(audience.receivers(in: self)))
        journal.keep(encoder, for: audience, at: loop.now)
    }

    /// Shows sessions how something is now; who comes back is shown it anew, and need not know how it was.
    func show(_ event: SignallingEvent, to sessions: some Sequence<String>) {
        var encoder = journal.encoder(for: event)
        deliver(&encoder, to: receivers(sessions))
    }

    /// How sessions are reached that receive events, looked up once for all that they are told in one go.
    func receivers(_ sessions: some Sequence<String>) -> Receivers {
        var receivers = Receivers()
        for id in sessions {
            if let member = members[id], member.isAdmitted { receivers.add(member.channel, member.style) }
        }
        return receivers
    }

    private func deliver(_ encoder: inout EventEncoder, to receivers: Receivers) {
        for group in receivers.groups {
            WebSocketConnection.post(encoder.encoded(group.style).message, to: group.sockets)
        }
        for (channel, style) in receivers.others { channel.send(encoder.encoded(style)) }
    }

    /// Whether a session may see a call.
    func mayUse(_ record: CallRecord, _ user: SignallingUser?, isOpen: Bool) -> Bool {
        if isOpen { return true }
        guard let user else { return false }
        if user.role.seesAllCalls { return true }
        let own = [record.assignedUserID, record.answeredByUserID, record.operatorID]
        if own.contains(user.id) { return true }
        if user.role == .operator, record.assignedUserID == nil, record.answeredByUserID == nil { return true }
        return services.calls.assumeIsolated { $0.isParticipant(userID: user.id, in: record.key) }
    }
}
