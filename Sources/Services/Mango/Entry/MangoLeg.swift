import CallModel
import Wire

/// One leg of a call of the exchange: its events, in the order of their numbers whatever the order they came in.
struct MangoLeg: Hashable, Sendable {
    let callID: String
    private(set) var events: [MangoCallEvent] = []

    /// More than any telephone makes; what comes beyond is not taken.
    static let maximumEvents = 256

    init(callID: String) { self.callID = callID }

    var first: MangoCallEvent? { events.first }
    var lastOrder: Int { events.last?.order ?? 0 }

    /// Takes an event; answers whether it is newer than all before.
    ///
    /// An older one still tells what was missing.
    mutating func add(_ event: MangoCallEvent) -> Bool {
        guard events.count < Self.maximumEvents, !events.contains(where: { Self.isSame($0, event) }) else {
            return false
        }
        let isNewest = events.isEmpty || event.order > lastOrder
        events.append(event)
        events.sort(by: Self.precedes)
        return isNewest
    }

    private static func isSame(_ left: MangoCallEvent, _ right: MangoCallEvent) -> Bool {
        left.sequence != nil && left.sequence == right.sequence && left.dialect == right.dialect
    }

    /// A total order, so that the same events always stand in the same order.
    private static func precedes(_ left: MangoCallEvent, _ right: MangoCallEvent) -> Bool {
        if left.order != right.order { return left.order < right.order }
        if left.timestamp != right.timestamp { return left.timestamp < right.timestamp }
        return left.state.rawValue < right.state.rawValue
    }

    // MARK: - What the events say

    var beganAt: WallTime { events.map(\.timestamp).min() ?? WallTime(milliseconds: 0) }
    var end: MangoCallEvent? { events.last { $0.state == .disconnected } }
    var isLive: Bool { end == nil }
    var location: MangoCallEvent.Location { events.last?.location ?? .abonent }
    /// Legs to a person; menus and queues never make a call answered.
    var isPersonal: Bool { events.contains { $0.location == .abonent } }

    private func first(_ state: MangoCallEvent.State) -> WallTime? {
        events.filter { $0.state == state }.map(\.timestamp).min()
    }

    /// When somebody took it: as was said, or as was inferred, which has no better time than the end.
    var answeredAt: WallTime? {
        guard isPersonal else { return nil }
        if let connected = first(.connected) { return connected }
        guard let end else { return nil }
        if let answered = end.answeredAt { return answered }
        let talked = end.duration ?? 0
        if talked > 0 { return WallTime(milliseconds: end.timestamp.milliseconds - Int64(talked) * 1000) }
        return infersAnswer(end) ? end.timestamp : nil
    }

    /// A connection we were never told of: the numbers of the events have a gap, or there is but one event.
    private func infersAnswer(_ end: MangoCallEvent) -> Bool {
        guard end.dialect == .vpbx, let reason = end.reason, reason.isNormal else { return false }
        if end.sequence ?? 0 >= 3 { return true }
        return reason.impliesAnswer && events.count == 1
    }

    /// Seconds of talk of a leg that is over.
    var duration: Int {
        guard let end, let answeredAt else { return 0 }
        return end.duration ?? max(0, Int((end.timestamp.milliseconds - answeredAt.milliseconds) / 1000))
    }

    var isHeld: Bool { isLive && events.last?.state == .onHold }
    var heldSince: WallTime? { isHeld ? events.last?.timestamp : nil }

    /// Seconds on hold, of holds that are over.
    var holdSeconds: Int {
        zip(events, events.dropFirst()).reduce(0) { sum, pair in
            guard pair.0.state == .onHold else { return sum }
            return sum + max(0, Int((pair.1.timestamp.milliseconds - pair.0.timestamp.milliseconds) / 1000))
        }
    }

    /// What a fact is first said to be.
    func fact<Value>(_ read: (MangoCallEvent) -> Value?) -> Value? { events.lazy.compactMap(read).first }

    var from: MangoSide { side(\.from) }
    var to: MangoSide { side(\.to) }

    private func side(_ path: KeyPath<MangoCallEvent, MangoSide>) -> MangoSide {
        MangoSide(
            number: fact { $0[keyPath: path].number }, extension: fact { $0[keyPath: path].extension },
            takenFrom: fact { $0[keyPath: path].takenFrom })
    }

    var lineNumber: String? { fact(\.lineNumber) }

    /// As it is stored with its call.
    func row(ofCall id: Int64) -> CallLegRecord {
        let state: CallState =
            if let end {
                answeredAt == nil
                    ? DisconnectReason.ending(end.reason, isIncoming: true).state : .completed
            } else {
                answeredAt == nil ? .ringing : isHeld ? .held : .answered
            }
        var row = CallLegRecord(callID: id, kind: .mango, legID: callID, state: state, appearedAt: beganAt)
        (row.fromNumber, row.fromExtension) = (from.number, from.extension)
        (row.toNumber, row.toExtension) = (to.number, to.extension)
        (row.lineNumber, row.extension) = (lineNumber, to.extension ?? from.extension)
        row.location = location.rawValue
        (row.connectedAt, row.disconnectedAt) = (answeredAt, end?.timestamp)
        (row.lastSequence, row.disconnectReason) = (lastOrder, end?.reason?.text)
        (row.takenFromLegID, row.sipCallID) = (from.takenFrom, fact(\.sipCallID))
        return row
    }
}
