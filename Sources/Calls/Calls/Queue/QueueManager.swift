import CallModel
import Directory
import Reactor
import Wire

/// The queues of the exchange and what their members do: the part of `CallManager` that waits for people.
struct QueueManager {
    var machines: [String: QueueMachine] = [:]
    /// What the roster said of each queue when it was last looked at.
    var settings: [CallQueue] = []
    /// What members have to do with live calls.
    private var engagements: [Int64: [UUID: Engagement]] = [:]
    /// Queues whose change has yet to be told.
    var changed: Set<String> = []
    var isTelling = false
    var timer: LoopTimer?
    /// The day the figures are of.
    var day: Int64?

    var isEmpty: Bool { machines.isEmpty }

    func engagement(of user: Int64) -> Engagement { engagements[user]?.values.max() ?? .free }

    mutating func note(_ engagement: Engagement, of user: Int64, in call: UUID) {
        engagements[user, default: [:]][call] = engagement == .free ? nil : engagement
        if engagements[user]?.isEmpty == true { engagements[user] = nil }
    }

    mutating func forgetEngagements() { engagements = [:] }

    /// The queues a user is a member of, by name.
    func queues(of user: Int64) -> [String] {
        machines.filter { $0.value.member(user) != nil }.keys.sorted()
    }

    var nextDeadline: Instant { machines.values.map(\.nextDeadline).min() ?? .never }
}
