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
    /// By Call-ID, oldest first.
    private var messages: [String: [TracedMessage]] = [:]
    /// The Call-ID of every message kept, oldest first.
    private var order = FIFO<String>()

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
        if let place = messages.index(forKey: callID) {
            guard messages.values[place].count < Self.perCall else { return }
            messages.values[place].append(message)
        } else {
            guard beginsCall else { return }
            var list: [TracedMessage] = []
            list.reserveCapacity(Self.usual)
            list.append(message)
            messages[callID] = list
        }
        order.append(callID)
        byteCount += message.bytes.count + Self.overhead
        while byteCount > limit, let oldest = order.popFirst() { dropFirst(of: oldest) }
    }

    /// The messages of some dialogs, in the order of time.
    func trace(of callIDs: [String]) -> SIPTrace { SIPTrace(callIDs.flatMap { messages[$0] ?? [] }) }

    func keepsMessages(of callID: String) -> Bool { messages[callID] != nil }

    private mutating func dropFirst(of callID: String) {
        guard let place = messages.index(forKey: callID) else { return }
        let removed = messages.values[place].removeFirst()
        byteCount -= removed.bytes.count + Self.overhead
        if messages.values[place].isEmpty { messages.remove(at: place) }
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
                    let value = value(of: buffer[start..<end])
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
    private static func value(of line: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        guard let first = line.first, let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = line[..<colon].prefix { !ASCII.isWhitespace($0) }
        let isName =
            name.count == 1 && first | 0x20 == UInt8(ascii: "i") || name.elementsEqual(Self.name) { $0 | 0x20 == $1 }
        guard isName else { return nil }
        let value = line[(colon + 1)...].drop(while: ASCII.isWhitespace).prefix { $0 > 0x20 }
        return String(decoding: value, as: UTF8.self)
    }

    /// Every byte with the bit of lowercase set, as the comparison has it.
    private static let name = Array("call-id".utf8)
}
