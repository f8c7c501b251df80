/// Reads a DNS message field by field; every read past its end fails, none traps.
struct DNSCursor {
    private enum Limits {
        /// Pointers followed for one name.
        static let jumps = 16
        /// Bytes of one name on the wire (RFC 1035 2.3.4).
        static let name = 255
    }

    let bytes: [UInt8]
    var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func uint8() throws(DNSMessageError) -> UInt8 {
        guard bytes.indices.contains(offset) else { throw .cutShort }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func uint16() throws(DNSMessageError) -> UInt16 {
        let high = try uint8()
        return UInt16(high) << 8 | UInt16(try uint8())
    }

    mutating func uint32() throws(DNSMessageError) -> UInt32 {
        let high = try uint16()
        return UInt32(high) << 16 | UInt32(try uint16())
    }

    mutating func uint64() throws(DNSMessageError) -> UInt64 {
        let high = try uint32()
        return UInt64(high) << 32 | UInt64(try uint32())
    }

    /// A character-string (RFC 1035 3.3): a length and that many bytes.
    mutating func text() throws(DNSMessageError) -> String {
        let length = Int(try uint8())
        guard bytes.count - offset >= length else { throw .cutShort }
        defer { offset += length }
        return String(decoding: bytes[offset..<offset + length], as: UTF8.self)
    }

    /// A name in presentation form; the reader ends up behind what stands here, wherever pointers lead (RFC 1035 4.1.4).
    mutating func name() throws(DNSMessageError) -> String {
        var reader = self
        var text = ""
        var length = 1
        var jumps = 0
        var end: Int?
        while true {
            let start = reader.offset
            let first = try reader.uint8()
            switch first >> 6 {
            case 0 where first == 0:
                offset = end ?? reader.offset
                return text
            case 0:
                length += Int(first) + 1
                guard length <= Limits.name else { throw .badName }
                if !text.isEmpty { text += "." }
                try reader.appendLabel(Int(first), to: &text)
            case 3:
                let target = Int(first & 0x3F) << 8 | Int(try reader.uint8())
                end = end ?? reader.offset
                jumps += 1
                // A pointer may only point back, so that following it comes to an end.
                guard target < start, jumps <= Limits.jumps else { throw .badName }
                reader.offset = target
            default: throw .badName
            }
        }
    }

    /// Writes a label so that no byte of it can be taken for a separator (RFC 4343 2.1).
    private mutating func appendLabel(_ count: Int, to text: inout String) throws(DNSMessageError) {
        for _ in 0..<count {
            let byte = try uint8()
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "\\"):
                text += "\\"
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x21...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte)
                text += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
            }
        }
    }
}
