import CallModel
import Directory
import Wire

/// People who come to queues, leave them and rest.
extension CallManager {
    /// Makes a user a member, who is rung from now on; a member stays what they are.
    package func joinQueue(_ name: String, userID: Int64) throws(CallError) {
        let machine = try queue(name)
        guard services.roster.current.users[userID] != nil else { throw .userNotFound }
        guard machine.member(userID) == nil else { return }
        let member = QueueMember(userID: userID)
        var queue = machine.queue
        queue.members.append(member)
        feedQueue(name, .configured(queue))
        refreshMembers(of: name)
        memberships?.set(member, ofQueue: queue.id)
    }

    /// Ends a membership; calls that were taken go on.
    package func leaveQueue(_ name: String, userID: Int64) throws(CallError) {
        let machine = try queue(name)
        guard machine.member(userID) != nil else { throw .userNotFound }
        var queue = machine.queue
        queue.members.removeAll { $0.userID == userID }
        feedQueue(name, .configured(queue))
        memberships?.remove(userID: userID, ofQueue: queue.id)
    }

    /// Lets a member rest, or takes them back.
    package func pauseInQueue(_ name: String, userID: Int64, _ on: Bool, reason: String?) throws(CallError) {
        let machine = try queue(name)
        guard machine.member(userID) != nil else { throw .userNotFound }
        feedQueue(name, .paused(userID, on, reason: reason))
        memberships?.set(QueueMember(userID: userID, isPaused: on), ofQueue: machine.queue.id)
    }

    /// The queues a user is a member of, by name.
    package func queues(ofUser userID: Int64) -> [String] {
        rosterChanged()
        return queues.queues(of: userID)
    }

    private func queue(_ name: String) throws(CallError) -> QueueMachine {
        rosterChanged()
        guard let machine = queues.machines[name], !machine.isClosed else { throw .queueNotFound }
        return machine
    }
}
