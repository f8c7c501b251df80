/// Sockets that have something to be sent when the turn ends.
///
/// Lives on the loop.
struct SocketPosts {
    /// What is posted to one socket is sent in pieces of at most so many bytes, but for longer messages.
    static let pieceLimit = 16 * 1024
    /// Sockets that are written to before others have their turn: less than a millisecond.
    private static let turnLimit = 128

    private var waiting: [WebConnection] = []
    private var head = 0
    /// The latest two that were joined: mostly thousands of sockets are posted the same one after the other.
    private var latest: (first: SharedMessage, second: SharedMessage, both: SharedMessage)?

    /// Answers whether it is the first.
    mutating func add(_ connection: WebConnection) -> Bool {
        waiting.append(connection)
        return waiting.count == 1
    }

    mutating func joined(_ first: SharedMessage, _ second: SharedMessage) -> SharedMessage {
        if let latest, latest.first === first, latest.second === second { return latest.both }
        let both = first.followed(by: second)
        latest = (first, second, both)
        return both
    }

    /// The next sockets.
    mutating func take() -> ArraySlice<WebConnection> {
        let part = waiting[head...].prefix(Self.turnLimit)
        head = part.endIndex
        return part
    }

    /// Whether there are more; else all is forgotten.
    mutating func goesOn() -> Bool {
        guard head == waiting.count else {
            // Those who are posted to in every turn may keep it from ever becoming empty.
            if head * 2 > waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
            return true
        }
        waiting.removeAll(keepingCapacity: waiting.count <= 1024)
        (head, latest) = (0, nil)
        return false
    }
}
