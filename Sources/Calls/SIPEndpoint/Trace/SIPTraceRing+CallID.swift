import Glibc
import Wire

extension SIPTraceRing {
    /// Where the Call-ID of a message is, as it goes over the wire; nil when none is found before the body.
    static func callID(in bytes: [UInt8]) -> Range<Int>? {
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
    private static func value(in buffer: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> Range<Int>? {
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
        return place..<end
    }

    /// Every byte with the bit of lowercase set, as the comparison has it.
    private static let name = Array("call-id".utf8)
}
