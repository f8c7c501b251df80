import Calls
package import Directory
package import Reactor
package import Telemetry
import Wire

/// Writes down who comes to queues, rests and goes, while the queues themselves go on at once.
package actor StoredMemberships: QueueMemberships {
    nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let store: any DirectoryStore
    private let reload: @Sendable () async -> Void
    private let logger: Logger
    /// What is being written: one after the other, so that the last word is the one that stays.
    private var writing: Task<Void, Never>?

    /// `reload` lets the roster follow the store.
    package init(
        loop: any EventLoop, store: any DirectoryStore, logger: Logger, reload: @escaping @Sendable () async -> Void
    ) {
        (self.loop, self.store, self.logger, self.reload) = (loop, store, logger, reload)
    }

    package nonisolated func set(_ member: QueueMember, ofQueue id: Int64) {
        assumeIsolated { $0.keep { store throws(StoreError) in try await store.setMember(member, ofQueue: id) } }
    }

    package nonisolated func remove(userID: Int64, ofQueue id: Int64) {
        assumeIsolated { keeper in
            keeper.keep { store throws(StoreError) in try await store.removeMember(userID: userID, ofQueue: id) }
        }
    }

    private func keep(_ change: @escaping @Sendable (any DirectoryStore) async throws(StoreError) -> Bool) {
        let (store, reload, logger, former) = (store, reload, logger, writing)
        writing = Task {
            await former?.value
            do throws(StoreError) {
                guard try await change(store) else { return }
                await reload()
            } catch {
                logger.warn("a queue's members cannot be stored", [LogField("reason", "\(error)")])
            }
        }
    }
}
