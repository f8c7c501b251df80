import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// Queues that a user comes to, leaves and rests from.
extension Session {
    func performQueueCommand(_ message: ClientMessage) throws(Failure) -> Outcome? {
        switch message.name {
        case "queue:join":
            let (queue, userID) = (try queueName(message), try memberID(message))
            try services.calls.attempt { manager throws(CallError) in try manager.joinQueue(queue, userID: userID) }
        case "queue:leave":
            let (queue, userID) = (try queueName(message), try memberID(message))
            try services.calls.attempt { manager throws(CallError) in try manager.leaveQueue(queue, userID: userID) }
        case "queue:pause": try pause(message)
        default: return nil
        }
        return .done
    }

    /// Without a queue the pause is for all the user's queues.
    private func pause(_ message: ClientMessage) throws(Failure) {
        let userID = try memberID(message)
        guard let isPaused = message.payload["paused"]?.boolValue else { throw .invalid("paused", "required") }
        let reason = message.text("reason").map { String($0.prefix(256)) }
        let queues = message.text("queue").map { [$0] }
        try services.calls.attempt { manager throws(CallError) in
            for queue in queues ?? manager.queues(ofUser: userID) {
                try manager.pauseInQueue(queue, userID: userID, isPaused, reason: reason)
            }
        }
    }

    private func queueName(_ message: ClientMessage) throws(Failure) -> String {
        guard let name = message.text("queue"), !name.isEmpty else { throw .invalid("queue", "required") }
        return name
    }

    /// The session's own user; those who direct, and sessions that need no token, may name another.
    private func memberID(_ message: ClientMessage) throws(Failure) -> Int64 {
        guard let userID = message.userID("userId") ?? user?.id else { throw .invalid("userId", "required") }
        guard isOpen || userID == user?.id || user?.role.seesAllCalls == true else { throw .forbidden }
        return userID
    }
}
