/// A set of deadlines with a payload each, ordered by time and, at the same moment, by the order they were set.
///
/// Its code is specialized where it is used (hence `@inlinable`): every packet moves a timer or two.
///
/// Cancelling only forgets the payload; the heap drops the stale entry when it comes to the top. So the entry at the top
/// is always one that is wanted, and to ask for the next deadline, which is done at every turn, is to look at it.
public struct TimerQueue<Payload> {
    public struct Token: SerialID {
        public let rawValue: UInt64

        @usableFromInline init(rawValue: UInt64) { self.rawValue = rawValue }
    }

    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline let deadline: Instant
        @usableFromInline let token: Token

        @inlinable
        init(deadline: Instant, token: Token) {
            self.deadline = deadline
            self.token = token
        }

        @inlinable
        func precedes(_ other: Entry) -> Bool {
            deadline == other.deadline ? token.rawValue < other.token.rawValue : deadline < other.deadline
        }
    }

    @usableFromInline var heap: [Entry] = []
    @usableFromInline var payloads: [Token: Payload] = [:]
    @usableFromInline var lastToken: UInt64 = 0

    @inlinable public init() {}

    @inlinable public var isEmpty: Bool { payloads.isEmpty }
    @inlinable public var count: Int { payloads.count }

    @discardableResult @inlinable
    public mutating func schedule(at deadline: Instant, _ payload: Payload) -> Token {
        lastToken += 1
        let token = Token(rawValue: lastToken)
        payloads[token] = payload
        heap.append(Entry(deadline: deadline, token: token))
        siftUp(from: heap.count - 1)
        return token
    }

    /// Forgets a deadline; one that has fired or was cancelled before is ignored.
    @inlinable
    public mutating func cancel(_ token: Token) {
        payloads[token] = nil
        if heap.first?.token == token { dropStale() }
        if heap.count > 64, heap.count > payloads.count * 4 { compact() }
    }

    /// The earliest deadline still wanted.
    @inlinable
    public func nextDeadline() -> Instant? { heap.first?.deadline }

    /// Takes one payload whose deadline is at or before `now`.
    @inlinable
    public mutating func popExpired(_ now: Instant) -> Payload? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        removeFirst()
        let payload = payloads.removeValue(forKey: first.token)
        dropStale()
        return payload
    }

    @inlinable
    mutating func dropStale() {
        while let first = heap.first, payloads[first.token] == nil { removeFirst() }
    }

    @inlinable
    mutating func compact() {
        heap = heap.filter { payloads[$0.token] != nil }.sorted { $0.precedes($1) }
    }

    @inlinable
    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown()
    }

    @inlinable
    mutating func siftUp(from start: Int) {
        var child = start
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    @inlinable
    mutating func siftDown() {
        var parent = 0
        while true {
            let left = parent * 2 + 1
            guard left < heap.count else { return }
            let right = left + 1
            let smaller = right < heap.count && heap[right].precedes(heap[left]) ? right : left
            guard heap[smaller].precedes(heap[parent]) else { return }
            heap.swapAt(parent, smaller)
            parent = smaller
        }
    }
}

extension TimerQueue: Sendable where Payload: Sendable {}
