import Directory
import Wire

/// Who is told of an event: by rooms, so that it can also be said of sessions that come later.
struct Audience: Sendable, Equatable {
    /// What is told to sessions that need no token.
    enum OpenSessions: String, Sendable {
        case none
        case all
        /// Those that have not said whose they are.
        case nobodys
    }

    var rooms: Set<String>
    var open = OpenSessions.all
    /// Sessions of this moment that are told as well.
    var sessions: Set<String> = []
    /// Not this session.
    var except: String?
    /// Not the members of this room, nor open sessions: they are told in other words.
    var otherThan: String?
    /// Of all those only who may command every call.
    var mustSeeAll = false
    /// Every session that is told anything.
    var isEverybody = false

    init(_ rooms: some Sequence<String> = [], open: OpenSessions = .all) {
        (self.rooms, self.open) = (Set(rooms), open)
    }

    static let everybody: Audience = {
        var audience = Audience()
        audience.isEverybody = true
        return audience
    }()

    func includes(_ id: String, _ member: SignallingHub.Member) -> Bool {
        guard member.isAdmitted, admits(id, member) else { return false }
        if isEverybody || sessions.contains(id) || !rooms.isDisjoint(with: member.rooms) { return true }
        switch open {
        case .none: return false
        case .all: return member.isOpen
        case .nobodys: return member.isOpen && member.user == nil
        }
    }

    /// Whether nothing speaks against a session that is meant by its rooms or otherwise.
    private func admits(_ id: String, _ member: SignallingHub.Member) -> Bool {
        if id == except { return false }
        if let otherThan, member.isOpen || member.rooms.contains(otherThan) { return false }
        return !mustSeeAll || member.isOpen || member.user?.role.seesAllCalls == true
    }

    /// Its sessions of this moment.
    func receivers(in hub: isolated SignallingHub) -> Set<String> {
        if isEverybody { return Set(hub.members.filter { includes($0.key, $0.value) }.keys) }
        var found = rooms.reduce(into: sessions) { $0.formUnion(hub.sessions(in: $1)) }
        switch open {
        case .none: break
        case .all: found = hub.openSessions.union(found)
        case .nobodys: found.formUnion(hub.openSessions.filter { hub.members[$0]?.user == nil })
        }
        guard except != nil || otherThan != nil || mustSeeAll else { return found }
        return found.filter { id in hub.members[id].map { admits(id, $0) } ?? false }
    }
}
