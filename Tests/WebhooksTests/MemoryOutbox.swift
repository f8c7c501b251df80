import CallModel
import Directory
import Synchronization
import Wire

/// An outbox in memory.
final class MemoryOutbox: Outbox, EventHistory {
    private struct State {
        var items: [OutboxItem] = []
        var events: [PublishedEvent] = []
        var lastID: Int64 = 0
        var isBroken = false
        var isFull = false
        /// What is to be written when there is room again.
        var waiting: [OutboxSettlement] = []

        mutating func change(_ id: Int64, _ body: (inout OutboxItem) -> Void) {
            guard let index = items.firstIndex(where: { $0.id == id }) else { return }
            body(&items[index])
        }

        mutating func write(_ settlement: OutboxSettlement) {
            switch settlement {
            case .done(let id): items.removeAll { $0.id == id }
            case .failed(let id, let error, let attempts, let next):
                change(id) { ($0.lastError, $0.attempts, $0.nextAttemptAt) = (error, attempts, next) }
            case .parked(let id, let error, let attempts):
                change(id) { ($0.lastError, $0.attempts, $0.state) = (error, attempts, .parked) }
            }
        }
    }

    private let state = Mutex(State())

    var items: [OutboxItem] { state.withLock { $0.items } }
    var messages: [String] { items.map(\.messageID) }

    /// Whether reading fails from now on.
    func breakDown(_ isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }

    /// Whether settlements wait from now on, as they do while a disk is full.
    func fill(_ isFull: Bool) {
        state.withLock { state in
            state.isFull = isFull
            guard !isFull else { return }
            for settlement in state.waiting { state.write(settlement) }
            state.waiting = []
        }
    }

    func add(_ rows: [CallRow]) {
        state.withLock { state in
            for row in rows {
                switch row {
                case .outbox(var item):
                    state.lastID += 1
                    item.id = state.lastID
                    state.items.append(item)
                case .published(let event): state.events.append(event)
                default: break
                }
            }
        }
    }

    func pendingKeys(kind: String) async throws(StoreError) -> [String] {
        Set(items.filter { $0.state == .pending && $0.kind == kind }.map(\.orderingKey)).sorted()
    }

    func nextItems(key: String, limit: Int) async throws(StoreError) -> [OutboxItem] {
        if state.withLock({ $0.isBroken }) { throw .closed }
        return Array(items.filter { $0.state == .pending && $0.orderingKey == key }.prefix(limit))
    }

    func settle(_ settlement: OutboxSettlement) {
        state.withLock { state in
            if state.isFull { state.waiting.append(settlement) } else { state.write(settlement) }
        }
    }

    func items(
        state: OutboxItem.State?, kind: String?, limit: Int, offset: Int
    ) async throws(StoreError) -> OutboxPage {
        let wanted = items.filter { (state == nil || $0.state == state) && (kind == nil || $0.kind == kind) }
        return OutboxPage(items: Array(wanted.dropFirst(offset).prefix(limit)), total: wanted.count)
    }

    func retryItem(id: Int64, at now: WallTime) async throws(StoreError) -> OutboxItem? {
        state.withLock { state in
            state.change(id) { ($0.state, $0.attempts, $0.nextAttemptAt) = (.pending, 0, now) }
            return state.items.first { $0.id == id }
        }
    }

    func removeItem(id: Int64) async throws(StoreError) -> Bool { false }

    func figures() async throws(StoreError) -> OutboxFigures {
        let pending = items.filter { $0.state == .pending }
        return OutboxFigures(
            pending: pending.count, parked: items.count - pending.count, oldest: pending.first?.createdAt)
    }

    func trimOutbox(to limit: Int) async throws(StoreError) -> Int { 0 }
    func trimEvents(to limit: Int) async throws(StoreError) {}

    func replay(
        after eventID: String, limit: Int, _ item: @escaping @Sendable (PublishedEvent) -> OutboxItem?
    ) async throws(StoreError) -> Int? {
        let events = state.withLock { $0.events }
        guard let index = events.firstIndex(where: { $0.id == eventID }) else { return nil }
        let items = events[(index + 1)...].compactMap(item)
        add(items.map(CallRow.outbox))
        return items.count
    }
}
