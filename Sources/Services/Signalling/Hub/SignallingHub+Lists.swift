import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Wire

/// The lists of live calls: on connect, on demand, and after each change.
extension SignallingHub {
    /// Changes within this time make one list; it grows with the number of live calls, as the lists do.
    static let listDelay = Duration.milliseconds(50)
    static let longestListDelay = Duration.seconds(2)
    /// Calls in one list, the newest; all of them are to be had by REST.
    static let maximumListedCalls = 200

    /// Tells a session that was just admitted what is live now.
    func greet(_ id: String) {
        let facts = visibleCalls(to: id).map(facts)
        show(SignallingEvent("active-calls", CallEventView.activeCalls(facts)), to: [id])
        show(SignallingEvent("calls:active", CallEventView.pbxList(facts)), to: [id])
        showRinging(to: id)
        if isUpstreamRegistered { show(SignallingEvent("sip:connected"), to: [id]) }
    }

    /// A page that is opened while its user still rings is shown the call, too.
    private func showRinging(to id: String) {
        guard let member = members[id], member.isAdmitted else { return }
        let userID = member.user?.id
        for record in services.calls.assumeIsolated({ $0.ringingRecords(userID: userID) })
        where announced[record.uuid, default: []].insert(id).inserted {
            show(SignallingEvent("incoming-call", CallEventView.incomingCall(facts(record))), to: [id])
        }
    }

    /// The payload of `active-calls` for one session.
    func activeList(for id: String) -> JSONValue { CallEventView.activeCalls(visibleCalls(to: id).map(facts)) }

    /// How many of the figures' calls live: whoever has shown a token gets figures of what a user may see, also where none
    /// is needed, as over REST.
    func liveCount(for id: String) -> Int {
        guard let member = members[id], member.isAdmitted else { return 0 }
        return liveCalls(of: member.user).count
    }

    private func visibleCalls(to id: String) -> [CallRecord] {
        liveCalls(visibleTo: id).suffix(Self.maximumListedCalls)
    }

    private func liveCalls(visibleTo id: String) -> [CallRecord] {
        guard let member = members[id], member.isAdmitted else { return [] }
        return liveCalls(of: member.isOpen ? nil : member.user)
    }

    /// Everybody's calls for those who see all, else the user's own.
    private func liveCalls(of user: SignallingUser?) -> [CallRecord] {
        services.calls.assumeIsolated { calls in
            guard let user, !user.role.seesAllCalls else { return calls.liveRecords() }
            return calls.liveRecords(concerning: user.id, asOperator: user.role == .operator)
        }
    }

    /// Has new lists sent soon to sessions whose list may have changed.
    func markDirty(_ sessions: Set<String>) {
        dirty.formUnion(sessions)
        guard !dirty.isEmpty, !isListTimerSet else { return }
        isListTimerSet = true
        let live = services.calls.assumeIsolated { $0.liveCount }
        let delay = min(Self.listDelay + .milliseconds(live), Self.longestListDelay)
        loop.schedule(after: delay) { [weak self] in self?.assumeIsolated { $0.sendLists() } }
    }

    /// Sends each changed list; sessions that see the same calls share one text.
    private func sendLists() {
        isListTimerSet = false
        let groups = Dictionary(grouping: dirty) { id -> Int64? in
            guard let member = members[id], let user = member.user else { return nil }
            return member.isOpen || user.role.seesAllCalls ? nil : user.id
        }
        dirty = []
        for sessions in groups.values {
            guard let one = sessions.first(where: { members[$0]?.isAdmitted == true }) else { continue }
            show(SignallingEvent("active-calls", activeList(for: one)), to: sessions)
        }
    }
}
