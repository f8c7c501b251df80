import SIP
import Wire

/// The latest SIP messages of all calls, within a fixed number of bytes: the newest push the oldest out.
///
/// They are copied, one behind the other: the memory they came in is free for the next ones at once, while the
/// processor's caches still hold it.
struct SIPTraceRing: ~Copyable {
    /// The messages of one Call-ID.
    private struct Course {
        var newest: Int
        var count = 0
    }

    private var memory: TraceMemory
    /// By what `key(of:)` makes of their Call-IDs.
    private var courses: [Int: Course] = [:]

    /// Messages of one Call-ID; a peer that repeats itself for ever must not push all others out.
    private static let perCall = 400

    /// `limit` in bytes, with what each message costs besides; 0 keeps none.
    init(limit: Int) { memory = TraceMemory(size: limit) }

    var isOff: Bool { memory.size == 0 }

    var byteCount: Int { memory.byteCount }

    /// Keeps a message; one that begins no call only with others of its call.
    mutating func keep(_ message: TracedMessage, callID: Span<UInt8>, beginsCall: Bool = true) {
        // Mostly it is of the same call as the one before.
        let key = memory.newestKey(ifOf: callID) ?? Self.key(of: callID)
        guard let count = courses[key]?.count ?? (beginsCall ? 0 : nil), count < Self.perCall else { return }
        let entry = TraceEntry(message, callID: callID, key: key)
        guard !isOff, entry.room <= memory.size else { return }
        while !memory.hasRoom(for: entry) { forget(memory.dropOldest()) }
        let place = memory.append(entry, message, callID, after: courses[key]?.newest)
        courses[key, default: Course(newest: place)].count += 1
        courses[key]?.newest = place
    }

    private mutating func forget(_ key: Int) {
        guard let course = courses.index(forKey: key) else { return }
        courses.values[course].count -= 1
        if courses.values[course].count == 0 { courses.remove(at: course) }
    }

    /// The messages of some dialogs, in the order of time.
    borrowing func trace(of callIDs: [String]) -> SIPTrace {
        var messages: [TracedMessage] = []
        for callID in callIDs {
            guard let newest = courses[Self.key(of: callID.utf8.span)]?.newest else { continue }
            messages += memory.messages(of: callID.utf8.span, from: newest).reversed()
        }
        return SIPTrace(messages)
    }

    func keepsMessages(of callID: String) -> Bool { courses[Self.key(of: callID.utf8.span)] != nil }

    /// Two Call-IDs may share it, once in 2⁶⁴.
    private static func key(of callID: Span<UInt8>) -> Int {
        var hasher = Hasher()
        callID.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
