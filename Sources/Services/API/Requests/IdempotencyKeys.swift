import Directory
import Reactor
import Web
import Wire

/// Remembers what was answered to requests that came with an `Idempotency-Key`, so that repeating one makes nothing twice.
///
/// Only successes are remembered: what was refused made nothing, and may be tried again.
final class IdempotencyKeys: Sendable {
    typealias Key = KeptAnswer.Key

    struct Limits: Sendable {
        /// Keys of everybody together, and of one caller; the oldest go first.
        var entries = 10_000
        var entriesPerCaller = 1_000
        /// Longer answers are not kept.
        var bytes = 65_536
        var lifetime = KeptAnswer.lifetime
    }

    enum Admission: Sendable {
        /// Go ahead, and `finish` in the end.
        case new
        /// It was done: this is what was answered.
        case done(HTTPResponse)
        /// It is being done at this moment.
        case running
        /// The key was used for something else.
        case different
    }

    fileprivate struct Entry {
        let fingerprint: [UInt8]
        let begun: Instant
        let serial: UInt64
        var response: HTTPResponse?
    }

    fileprivate struct State {
        var entries: [Key: Entry] = [:]
        /// The keys of `entries`, the oldest first, by their serial numbers.
        var order: [(serial: UInt64, key: Key)] = []
        var countOfCaller: [String: Int] = [:]
        var lastSerial: UInt64 = 0
    }

    private let state = Locked(State())
    private let limits: Limits

    init(limits: Limits = Limits()) { self.limits = limits }

    /// `fingerprint` stands for what is asked: the same key with another one is a conflict.
    func begin(_ key: Key, fingerprint: [UInt8], now: Instant) -> Admission {
        state.withLock { state in
            state.dropExpired(limits.lifetime, now)
            if let entry = state.entries[key] {
                guard entry.fingerprint == fingerprint else { return .different }
                return entry.response.map { .done($0) } ?? .running
            }
            state.makeRoom(for: key.caller, limits)
            state.add(key, fingerprint, now)
            return .new
        }
    }

    /// Keeps the answer if it is a success, else forgets the key.
    func finish(_ key: Key, _ response: HTTPResponse) {
        state.withLock { state in
            guard state.entries[key] != nil else { return }
            let isKept = response.status.isSuccess && response.body.count <= limits.bytes
            if isKept { state.entries[key]?.response = response } else { state.remove(key) }
        }
    }

    /// Forgets a key of which a database knows more.
    func abandon(_ key: Key) { state.withLock { $0.remove(key) } }

    var count: Int { state.withLock { $0.entries.count } }
}

extension IdempotencyKeys.State {
    fileprivate mutating func add(_ key: IdempotencyKeys.Key, _ fingerprint: [UInt8], _ now: Instant) {
        lastSerial += 1
        entries[key] = IdempotencyKeys.Entry(fingerprint: fingerprint, begun: now, serial: lastSerial)
        order.append((lastSerial, key))
        countOfCaller[key.caller, default: 0] += 1
    }

    fileprivate mutating func remove(_ key: IdempotencyKeys.Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        let count = countOfCaller[key.caller, default: 1] - 1
        countOfCaller[key.caller] = count > 0 ? count : nil
        if let index = order.firstIndex(where: { $0.serial == entry.serial }) { order.remove(at: index) }
    }

    fileprivate mutating func dropExpired(_ lifetime: Duration, _ now: Instant) {
        while let oldest = order.first?.key, let entry = entries[oldest], entry.begun + lifetime <= now {
            remove(oldest)
        }
    }

    fileprivate mutating func makeRoom(for caller: String, _ limits: IdempotencyKeys.Limits) {
        if countOfCaller[caller, default: 0] >= limits.entriesPerCaller,
            let oldest = order.first(where: { $0.key.caller == caller })
        {
            remove(oldest.key)
        }
        if entries.count >= limits.entries, let oldest = order.first { remove(oldest.key) }
    }
}
