import Glibc
import SIP
import Wire

/// What is written before each message in the memory of a trace; behind it lie its transport, its Call-ID and its bytes.
struct TraceEntry {
    let key: Int
    private let at: WallTime
    private let local: SocketAddress
    private let remote: SocketAddress
    private let isIncoming: Bool
    private let transport: Int
    private let callID: Int
    private let bytes: Int
    /// Where the one before it of the same key begins; one that has been written over since is none.
    fileprivate var before: Int?

    init(_ message: TracedMessage, callID: Span<UInt8>, key: Int) {
        (self.key, at, isIncoming) = (key, message.at, message.isIncoming)
        (local, remote) = (message.local, message.remote)
        (transport, self.callID, bytes) = (message.transport.utf8.count, callID.count, message.bytes.count)
    }

    /// What it takes with all that lies behind it; the next begins where an entry may begin.
    var room: Int {
        let all = MemoryLayout<TraceEntry>.stride + transport + callID + bytes
        return (all + Self.grain - 1) / Self.grain * Self.grain
    }

    fileprivate static let grain = MemoryLayout<TraceEntry>.alignment

    fileprivate func callID(behind start: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start + MemoryLayout<TraceEntry>.stride + transport, count: callID)
    }

    fileprivate func message(behind start: UnsafeRawPointer) -> TracedMessage {
        let words = start + MemoryLayout<TraceEntry>.stride
        return TracedMessage(
            at: at, isIncoming: isIncoming,
            transport: String(decoding: UnsafeRawBufferPointer(start: words, count: transport), as: UTF8.self),
            local: local, remote: remote,
            bytes: Array(UnsafeRawBufferPointer(start: words + transport + callID, count: bytes)))
    }
}

/// Entries one behind the other, round and round in a fixed piece of memory.
///
/// The system gives its pages as they are first written. Places count bytes since the beginning and never go back.
struct TraceMemory: ~Copyable {
    let size: Int
    private let start: UnsafeMutableRawPointer?
    private var oldest = 0
    private var newest: Int?
    private var end = 0
    /// Where entries ended that left no room for the next before the memory's end.
    private var bend: Int?

    /// Without room for it in the process, or with 0, it keeps nothing and its `size` is 0.
    init(size: Int) {
        let wanted = size / TraceEntry.grain * TraceEntry.grain
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = wanted > 0 ? mmap(nil, wanted, PROT_READ | PROT_WRITE, flags, -1, 0) : MAP_FAILED
        (start, self.size) = memory == MAP_FAILED ? (nil, 0) : (memory, wanted)
    }

    deinit { if let start { munmap(start, size) } }

    var byteCount: Int { end - oldest }

    /// Where an entry would begin.
    private func place(for entry: TraceEntry) -> Int {
        let rest = size - end % size
        return entry.room <= rest ? end : end + rest
    }

    /// Of one that is no larger than all of it.
    func hasRoom(for entry: TraceEntry) -> Bool {
        byteCount == 0 || place(for: entry) + entry.room - oldest <= size
    }

    /// Makes room by the oldest entry's, which there must be; answers its key.
    mutating func dropOldest() -> Int {
        let entry = self.entry(at: oldest).pointee
        oldest += entry.room
        if oldest == bend {
            bend = nil
            oldest += size - oldest % size
        }
        return entry.key
    }

    /// Puts an entry there is room for behind the others; answers its place.
    mutating func append(
        _ entry: TraceEntry, _ message: TracedMessage, _ callID: Span<UInt8>, after before: Int?
    ) -> Int {
        let place = place(for: entry)
        if byteCount == 0 { oldest = place } else if place != end { bend = end }
        let header = self.entry(at: place)
        header.initialize(to: entry)
        header.pointee.before = before
        var rest = UnsafeMutableRawPointer(header + 1)
        func write(_ bytes: UnsafeRawBufferPointer) {
            UnsafeMutableRawBufferPointer(start: rest, count: bytes.count).copyMemory(from: bytes)
            rest += bytes.count
        }
        message.transport.utf8.span.withUnsafeBytes(write)
        callID.withUnsafeBytes(write)
        message.bytes.withUnsafeBytes(write)
        (newest, end) = (place, place + entry.room)
        return place
    }

    /// The newest entry's key, if it is of this Call-ID.
    func newestKey(ifOf callID: Span<UInt8>) -> Int? {
        guard let newest, newest >= oldest, isOf(callID, newest) else { return nil }
        return entry(at: newest).pointee.key
    }

    /// The messages of a Call-ID, newest first.
    func messages(of callID: Span<UInt8>, from newest: Int) -> [TracedMessage] {
        var (found, next) = ([TracedMessage](), Optional(newest))
        while let place = next, place >= oldest {
            let entry = entry(at: place)
            if isOf(callID, place) { found.append(entry.pointee.message(behind: entry)) }
            next = entry.pointee.before
        }
        return found
    }

    private func isOf(_ callID: Span<UInt8>, _ place: Int) -> Bool {
        let entry = entry(at: place)
        let kept = entry.pointee.callID(behind: entry)
        return callID.withUnsafeBytes { callID in
            guard callID.count == kept.count, let one = callID.baseAddress, let other = kept.baseAddress else {
                return false
            }
            return memcmp(one, other, kept.count) == 0
        }
    }

    private func entry(at place: Int) -> UnsafeMutablePointer<TraceEntry> {
        (start.unsafelyUnwrapped + place % size).assumingMemoryBound(to: TraceEntry.self)
    }
}
