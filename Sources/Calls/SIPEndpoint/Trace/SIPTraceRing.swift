import Glibc
import SIP
import Wire

/// The latest SIP messages of all calls, within a fixed number of bytes: the newest push the oldest out.
///
/// Messages are kept by reference as they were sent and received, so that keeping one costs a look for its Call-ID.
struct SIPTraceRing {
    /// Bytes of messages with what each costs besides; 0 keeps none.
    let limit: Int
    private(set) var byteCount = 0
    /// The list of each Call-ID.
    private var places: [String: Int] = [:]
    private var lists: [List] = []
    /// Lists that are empty, to be used again.
    private var free: [Int] = []
    /// The list of every message kept, oldest first.
    private var order = FIFO<Int>()
    /// Where the message before went: mostly the next is of the same call.
    private var latest: Int?

    /// The messages of one Call-ID, oldest first.
    private struct List {
        var callID: String
        var messages: [TracedMessage]
    }

    /// What one message costs besides its own bytes.
    private static let overhead = 200
    /// Messages of one Call-ID; a peer that repeats itself for ever must not push all others out.
    private static let perCall = 400
    /// Messages of a plain call, on either leg.
    private static let usual = 8

    init(limit: Int) { self.limit = limit }

    var isOff: Bool { limit == 0 }

    /// Keeps a message; one that begins no call only with others of its call.
    mutating func keep(_ message: TracedMessage, callID: String, beginsCall: Bool = true) {
        guard limit > 0 else { return }
        guard let place = place(of: callID) ?? (beginsCall ? makePlace(for: callID) : nil) else { return }
        latest = place
        guard lists[place].messages.count < Self.perCall else { return }
        lists[place].messages.append(message)
        order.append(place)
        byteCount += message.bytes.count + Self.overhead
        while byteCount > limit, let oldest = order.popFirst() { dropFirst(at: oldest) }
    }

    /// The messages of some dialogs, in the order of time.
    func trace(of callIDs: [String]) -> SIPTrace {
        SIPTrace(callIDs.flatMap { callID in places[callID].map { lists[$0].messages } ?? [] })
    }

    func keepsMessages(of callID: String) -> Bool { places[callID] != nil }

    private func place(of callID: String) -> Int? {
        if let latest, lists[latest].callID == callID { return latest }
        return places[callID]
    }

    private mutating func makePlace(for callID: String) -> Int {
        var list = List(callID: callID, messages: [])
        list.messages.reserveCapacity(Self.usual)
        let place = free.popLast() ?? lists.count
        if place < lists.count { lists[place] = list } else { lists.append(list) }
        places[callID] = place
        return place
    }

    private mutating func dropFirst(at place: Int) {
        let removed = lists[place].messages.removeFirst()
        byteCount -= removed.bytes.count + Self.overhead
        guard lists[place].messages.isEmpty else { return }
        places[lists[place].callID] = nil
        lists[place] = List(callID: "", messages: [])
        free.append(place)
        if latest == place { latest = nil }
    }
}

extension SIPTraceRing {
    /// The Call-ID of a message as it goes over the wire; nil when none is found before the body.
    static func callID(in bytes: [UInt8]) -> String? {
        bytes.withUnsafeBufferPointer { buffer in
            var start = 0
            while let end = lineFeed(in: buffer, from: start) {
                // Most lines are told by their first letter.
                let letter = buffer[start] | 0x20
                if letter == UInt8(ascii: "c") || letter == UInt8(ascii: "i"),
                    let value = value(in: buffer, start..<end)
                {
                    return value
                }
                start = end + 1
                if start >= buffer.count || buffer[start] == ASCII.carriageReturn { return nil }
            }
            return nil
        }
    }

    /// Every message sent is searched, which is worth the C library's way of it.
    private static func lineFeed(in buffer: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start < buffer.count, let base = buffer.baseAddress,
            let found = memchr(base + start, Int32(ASCII.lineFeed), buffer.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// What stands after `Call-ID:` or `i:`, whatever its case.
    private static func value(in buffer: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> String? {
        var place = line.lowerBound
        if buffer[place] | 0x20 == UInt8(ascii: "i") {
            place += 1
        } else {
            guard line.count > name.count else { return nil }
            for index in name.indices {
                if buffer[place] | 0x20 != name[index] { return nil }
                place += 1
            }
        }
        while place < line.upperBound, ASCII.isWhitespace(buffer[place]) { place += 1 }
        guard place < line.upperBound, buffer[place] == ASCII.colon else { return nil }
        place += 1
        while place < line.upperBound, ASCII.isWhitespace(buffer[place]) { place += 1 }
        var end = place
        while end < line.upperBound, buffer[end] > 0x20 { end += 1 }
        return String(decoding: buffer[place..<end], as: UTF8.self)
    }

    /// Every byte with the bit of lowercase set, as the comparison has it.
    private static let name = Array("call-id".utf8)
}
