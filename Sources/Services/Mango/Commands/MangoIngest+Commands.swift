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

    /// The legs of a transfer in which the new party is asked first.
    struct Consultation: Sendable {
        let held: String
        /// To the new party; nil before that has answered.
        let talking: String?
        let initiator: String?
    }

    /// Nil when no leg is on hold.
    func consultation(of uuid: UUID) -> Consultation? {
        guard let entry = tracked(uuid: uuid)?.entry else { return nil }
        let live = entry.legs.filter { $0.isLive && $0.isPersonal }
        guard let held = live.last(where: \.isHeld) else { return nil }
        let talking = live.last { !$0.isHeld && $0.answeredAt != nil }
        return Consultation(
            held: held.callID, talking: talking?.callID, initiator: held.to.extension ?? held.from.extension)
    }

    /// A call that was commanded is not wanted any more, and has no leg yet by which to say so.
    func hangUpOnceThere(_ uuid: UUID) {
        if expected.values.contains(uuid) { unwanted.insert(uuid) }
    }

    /// Has a call ended that began after it was hung up.
    func endIfUnwanted(_ record: CallRecord?) {
        guard let record, unwanted.remove(record.uuid) != nil else { return }
        services.calls.assumeIsolated { _ = try? $0.hangUp(record.key, userID: nil) }
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
        let (now, isUnwanted) = (services.loop.wallTime, unwanted.remove(uuid) != nil)
        _ = services.calls.assumeIsolated { calls in
            calls.mirror(uuid, rows: { _ in [] }) { record in
                (record.state, record.endReason) = isUnwanted ? (.cancelled, .cancelled) : (.failed, reason)
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
