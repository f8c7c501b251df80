package import CallModel
import Directory
package import Media
import Reactor
import SIPEndpoint
import Telemetry
import Wire

/// Knows every live call: makes them, finds them, and brings each event to the call it belongs to.
package actor CallManager {
    nonisolated let loop: any EventLoop
    nonisolated package var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let services: CallServices
    var calls: [UUID: LiveEntry] = [:]
    var uuidsByNumber: [Int64: UUID] = [:]
    var sipLegs: [SIPLegID: (call: Call, leg: LegID)] = [:]
    var mediaLegs: [MediaLegID: (call: Call, leg: LegID)] = [:]
    /// The connections of rooms whose media passes here.
    var roomLegs: [MediaLegID: (room: Room, participant: String)] = [:]
    /// Calls that are over, and their media legs, until the last figures have come.
    var concluding: [UUID: Call] = [:]
    var departing: [MediaLegID: (call: Call, leg: LegID)] = [:]
    /// Where each browser that joined a call is.
    var places: [String: UUID] = [:]
    private var pages: [Int64: Int] = [:]
    private(set) var observers: [any CallObserver] = []
    var dialogs = DialogIndex()
    var queues = QueueManager()
    /// Where memberships of queues are kept; nil: they last as long as the process.
    private(set) var memberships: (any QueueMemberships)?
    private(set) var rooms: [UUID: Room] = [:]
    var userCalls = UserCalls()
    /// The live calls that were reported to us, by the channel their client knows them by.
    var reportedChannels: [String: UUID] = [:]
    /// Those that somebody is in, by name.
    var conferences: [String: Conference] = [:]
    var lastConferenceID: UInt64 = 0
    /// The latest recording of each.
    var conferenceRecordings: [String: RecordingPath] = [:]
    private var lastMediaID: UInt64 = 0
    private var nextNumber: Int64
    var entropy: Entropy
    var toll = TollDesk()
    /// Sounds that are being fetched or decoded.
    var fetchesUnderWay = 0
    package private(set) var isDraining = false

    /// A call that we switch, or a room in which browsers find each other.
    enum LiveEntry {
        case call(Call)
        case room(Room)

        var record: CallRecord {
            switch self {
            case .call(let call): call.assumeIsolated { $0.record }
            case .room(let room): room.record
            }
        }
    }

    package init(_ services: CallServices) {
        self.services = services
        loop = services.loop
        nextNumber = services.store.nextCallID
        entropy = services.loop.makeEntropy()
        followRoster()
    }

    /// Lets the queues follow the directory.
    private nonisolated func followRoster() {
        let follow: @Sendable () -> Void = { [weak self, loop] in
            loop.execute { [weak self] in self?.assumeIsolated { $0.rosterChanged() } }
        }
        services.roster.whenReplaced(follow)
        if !services.roster.current.queues.isEmpty { follow() }
    }

    package func setMemberships(_ memberships: any QueueMemberships) { self.memberships = memberships }

    // MARK: - Reading

    package func liveRecord(_ key: CallKey) -> CallRecord? { entry(key)?.record }

    /// All live calls, oldest first.
    package func liveRecords() -> [CallRecord] { calls.values.map(\.record).sorted { $0.id < $1.id } }

    package var liveCount: Int { calls.count }

    /// Calls that count against the most there may be.
    package var countedCalls: Int { calls.count - rooms.count }

    /// Calls that are over and have yet to write down how they were.
    package var concludingCount: Int { concluding.count }

    /// No call lives, and all that ended have written down how they were.
    package var isQuiet: Bool { calls.isEmpty && concluding.isEmpty }

    /// Whether a user has or had a leg in a live call, or was shown it.
    package func isParticipant(userID: Int64, in key: CallKey) -> Bool {
        switch entry(key) {
        case .call(let call): call.assumeIsolated { $0.isParticipant(userID) }
        case .room(let room): room.transfer?.to == userID
        case nil: false
        }
    }

    func newUUID() -> UUID { UUID(using: &entropy) }

    func entry(_ key: CallKey) -> LiveEntry? {
        switch key {
        case .uuid(let uuid): calls[uuid]
        case .id(let number): uuidsByNumber[number].flatMap { calls[$0] }
        }
    }

    func call(_ key: CallKey) throws(CallError) -> Call {
        switch entry(key) {
        case .call(let call): return call
        case .room: throw .invalidState
        case nil: throw .callNotFound
        }
    }

    // MARK: - Observers

    package func addObserver(_ observer: any CallObserver) { observers.append(observer) }

    /// Tells the observers of something that happened to a call; for records, by whoever wrote them.
    package nonisolated func announce(_ event: CallEvent) { tell { $0.callChanged(event) } }

    /// What goes with the write of a record that is changed past the live calls, so that others are told of it.
    package nonisolated func publications(of event: CallEvent) -> [CallRow] { services.publish(event) }

    /// Tells the observers what became of a browser's media connection.
    nonisolated func announce(_ change: BrowserConnectionChange) { tell { $0.browserConnectionChanged(change) } }

    func announceUpstream(registered: Bool, detail: String) {
        tell { $0.upstreamChanged(registered: registered, detail: detail) }
    }

    /// Tells the observers whose phone came or went: the account's user, or whoever has its extension.
    func announceRegistration(account name: String, isRegistered: Bool) {
        let roster = services.roster.current
        let account = roster.account(username: name)
        let userID = account?.userID ?? roster.user(extension: account?.extension ?? name)?.id
        tell { $0.registrationChanged(account: name, userID: userID, isRegistered: isRegistered) }
        if let userID { reachabilityChanged(of: userID) }
    }

    /// Tells the observers in a later turn; from any thread.
    nonisolated func tell(_ news: @escaping @Sendable (any CallObserver) -> Void) {
        loop.execute { [weak self] in
            self?.assumeIsolated { manager in
                for observer in manager.observers { news(observer) }
            }
        }
    }

    // MARK: - Pages

    /// How many pages a user has open that can take a call; told by signalling whenever it changes.
    package func pagesChanged(userID: Int64, online: Int) {
        pages[userID] = online > 0 ? online : nil
        reachabilityChanged(of: userID)
    }

    func pagesOnline(_ userID: Int64) -> Int { pages[userID] ?? 0 }

    // MARK: - Bookkeeping

    func makeRecord(_ direction: CallDirection, source: CallSource, from: String, to: String) -> CallRecord {
        defer { nextNumber = services.store.callID(after: nextNumber) }
        return CallRecord(
            id: nextNumber, uuid: UUID(using: &entropy), source: source, direction: direction, callerNumber: from,
            receiverNumber: to, startedAt: loop.wallTime)
    }

    func add(_ entry: LiveEntry) {
        let record = entry.record
        calls[record.uuid] = entry
        uuidsByNumber[record.id] = record.uuid
        switch entry {
        case .call(let call): _ = call.assumeIsolated { $0.setListed(true) }
        case .room(let room): rooms[record.uuid] = room
        }
    }

    /// Drops a finished call and all that pointed to it.
    func forget(_ call: Call) {
        endToll(ofCall: call.uuid)
        leaveConference(call)
        keepSignalling(of: call.assumeIsolated { $0.record })
        calls[call.uuid] = nil
        uuidsByNumber[call.number] = nil
        let users = call.assumeIsolated { $0.setListed(false) }
        userCalls.remove(call, from: users)
        for link in call.assumeIsolated({ $0.links.values.map { ($0.sip, $0.mediaID) } }) {
            if let sip = link.0 { sipLegs[sip] = nil }
            mediaLegs[link.1] = nil
        }
        awaitConclusion(of: call)
    }

    /// Drops what pointed to a leg that was only tried.
    func forget(_ link: LegLink) {
        if let sip = link.sip { sipLegs[sip] = nil }
        mediaLegs[link.mediaID] = nil
    }

    func forget(_ room: Room) {
        endToll(ofCall: room.record.uuid)
        rooms[room.record.uuid] = nil
        uuidsByNumber[room.record.id] = nil
        calls[room.record.uuid] = nil
        if let channel = room.record.channelID, reportedChannels[channel] == room.record.uuid {
            reportedChannels[channel] = nil
        }
        for member in room.members {
            places[member.participantID] = nil
            close(member, in: room.bridge)
        }
    }

    func forget(participant: any CallParticipant) { places[participant.participantID] = nil }

    func registerSIP(_ sip: SIPLegID, call: Call, leg: LegID) {
        sipLegs[sip] = (call, leg)
        if let callID = services.sip.assumeIsolated({ $0.callID(of: sip) }) { dialogs.add(callID, to: call.number) }
    }

    func registerMedia(call: Call, leg: LegID) -> MediaLegID {
        let id = makeMediaID()
        mediaLegs[id] = (call, leg)
        return id
    }

    func makeMediaID() -> MediaLegID {
        lastMediaID += 1
        return MediaLegID(rawValue: lastMediaID)
    }

    /// Rooms take no port of ours and do not count.
    var isFull: Bool { services.maximumCalls > 0 && countedCalls >= services.maximumCalls }

    // MARK: - Stopping

    /// Takes no more calls; those that live go on.
    package func drain() { isDraining = true }

    /// Ends every call in good order.
    package func endAll() {
        for entry in calls.values {
            switch entry {
            case .call(let call): call.post(.shutDown)
            case .room(let room): end(room, .failed, .shutdown)
            }
        }
    }

    /// Brings an event of a media leg to its call; called on the loop, in a turn of its own.
    package func mediaEvent(_ event: MediaEvent) {
        if case .closed(let id, let figures) = event, departed(id, figures) { return }
        guard let (call, leg) = mediaLegs[event.leg] else { return roomMediaEvent(event) }
        call.assumeIsolated { $0.mediaEvent(event, on: leg) }
    }
}

extension CallRecord {
    /// Whether the call is in a user's own list (contract §0.6).
    func concerns(_ userID: Int64, asOperator: Bool) -> Bool {
        assignedUserID == userID || answeredByUserID == userID || (asOperator && operatorID == userID)
    }
}

extension MediaEvent {
    /// The leg it happened on.
    var leg: MediaLegID {
        switch self {
        case .connected(let leg), .hungUp(let leg), .disconnected(let leg), .timedOut(let leg), .failed(let leg, _),
            .digit(let leg, _, _), .announced(let leg, _, _), .speaking(let leg, _),
            .closed(let leg, _):
            leg
        }
    }
}
