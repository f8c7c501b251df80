package import CallModel
import Wire

/// One whole call of the exchange: its legs, and its summary when that has come.
///
/// What it says of the call follows from which events came, not from their order: `facts` is computed from all of them.
/// So a repeated event changes nothing, a late one mends what was wrong, and the stored events make the entry again.
package struct MangoEntry: Sendable {
    package private(set) var entryID: String?
    private(set) var legs: [MangoLeg] = []
    private(set) var summary: MangoSummary?

    /// More than any call has; what comes beyond is not taken.
    private static let maximumLegs = 256
    /// After the last leg another may follow: a transfer, an interception.
    package static let grace = Duration.seconds(2)

    package init() {}

    package var callIDs: [String] { legs.map(\.callID) }

    /// Takes an event; answers whether it is newer than what was known of its leg.
    package mutating func add(_ event: MangoEvent) -> Bool {
        switch event {
        case .call(let call):
            entryID = entryID ?? call.entryID
            return add(call)
        case .summary(let summary):
            entryID = entryID ?? summary.entryID
            guard self.summary == nil else { return false }
            self.summary = summary
            return true
        case .recording, .noted: return true
        }
    }

    /// Takes the legs of what turned out to be the same call; the id stays.
    mutating func takeLegs(of other: MangoEntry) {
        for event in other.legs.flatMap(\.events) { _ = add(event) }
    }

    private mutating func add(_ event: MangoCallEvent) -> Bool {
        if let index = legs.firstIndex(where: { $0.callID == event.callID }) {
            defer { legs.sort(by: Self.precedes) }
            return legs[index].add(event)
        }
        guard legs.count < Self.maximumLegs else { return false }
        var leg = MangoLeg(callID: event.callID)
        _ = leg.add(event)
        legs.append(leg)
        legs.sort(by: Self.precedes)
        return true
    }

    private static func precedes(_ left: MangoLeg, _ right: MangoLeg) -> Bool {
        if left.beganAt != right.beganAt { return left.beganAt < right.beganAt }
        if (left.from.takenFrom == nil) != (right.from.takenFrom == nil) { return left.from.takenFrom == nil }
        return left.callID < right.callID
    }

    /// Whether a record is due: a call that only ever was in a voice menu has none until its summary comes.
    package var isCall: Bool { summary != nil || legs.contains { leg in leg.events.contains { $0.location != .ivr } } }

    /// Whether it is over for good: its summary has come, or it has no leg any more.
    package var isOver: Bool { summary != nil || (!legs.isEmpty && !legs.contains(where: \.isLive)) }
    package var hasSummary: Bool { summary != nil }

    package func isLive(leg callID: String) -> Bool { legs.first { $0.callID == callID }?.isLive ?? false }

    package func rows(ofCall id: Int64) -> [CallRow] { legs.map { .leg($0.row(ofCall: id)) } }
}
