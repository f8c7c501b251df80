import Wire

/// Messages to the other nodes that wait for Redis: so many, and so much, then the oldest are given up.
struct Outgoing: Sendable {
    static let maximumCount = 10_000
    static let maximumBytes = 8 << 20

    private var messages = FIFO<String>()
    private var bytes = 0
    private(set) var dropped = 0

    var isEmpty: Bool { messages.isEmpty }

    mutating func add(_ message: String) {
        messages.append(message)
        bytes += message.utf8.count
        while messages.count > Self.maximumCount || bytes > Self.maximumBytes {
            guard let oldest = messages.popFirst() else { return }
            bytes -= oldest.utf8.count
            dropped += 1
        }
    }

    mutating func take(_ limit: Int) -> [String] {
        var taken: [String] = []
        while taken.count < limit, let message = messages.popFirst() {
            bytes -= message.utf8.count
            taken.append(message)
        }
        return taken
    }

    /// Answers how many were given up since the last time.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
