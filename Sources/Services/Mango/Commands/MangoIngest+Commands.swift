import CallModel
import Calls
import Reactor
import Wire

/// What commands need to know of calls, and what is known of calls that were commanded.
extension MangoIngest {
    /// The leg by which a call is commanded.
    struct CommandedLeg: Sendable {
        let callID: String
        /// The extension of our side.
        let initiator: String?
        let isAnswered: Bool
    }

    /// The live leg to a person, else any; nil when there is none.
    func leg(of uuid: UUID) -> CommandedLeg? {
        guard let tracked = tracked(uuid: uuid), let leg = tracked.entry.commandedLeg else { return nil }
        let initiator = tracked.entry.facts?.house.extension
        return CommandedLeg(callID: leg.callID, initiator: initiator, isAnswered: leg.answeredAt != nil)
    }

    /// The events that name this command are those of a call that lives already.
    func expect(_ uuid: UUID, as commandID: String) { expected[commandID] = uuid }

    /// The call that a command made, once.
    func takeExpected(_ facts: MangoCallFacts) -> UUID? {
        facts.commandID.flatMap { expected.removeValue(forKey: $0) }
    }

    /// Ends a call that was commanded and has not begun.
    func giveUp(_ commandID: String, _ reason: EndReason) {
        guard let uuid = expected.removeValue(forKey: commandID) else { return }
        let now = services.loop.wallTime
        _ = services.calls.assumeIsolated { calls in
            calls.mirror(uuid, rows: { _ in [] }) { record in
                (record.state, record.endReason) = (.failed, reason)
                (record.endedAt, record.duration) = (now, 0)
            }
        }
    }
}

extension MangoEntry {
    fileprivate var commandedLeg: MangoLeg? {
        let live = legs.filter(\.isLive)
        return live.last { $0.isPersonal && $0.answeredAt != nil } ?? live.last(where: \.isPersonal) ?? live.last
    }
}
