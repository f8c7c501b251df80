import Wire

/// The `%HH` escapes of URIs (RFC 3261 19.1.2).
enum Escapes {
    private static let percent = UInt8(ascii: "%")

    /// Whether every byte is allowed or part of a whole escape.
    static func isWellFormed(_ bytes: Span<UInt8>, allowed: (UInt8) -> Bool) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] == percent {
                guard index + 2 < bytes.count, bytes[index + 1].hexValue != nil, bytes[index + 2].hexValue != nil
                else { return false }
                index += 3
            } else {
                guard allowed(bytes[index]) else { return false }
                index += 1
            }
        }
        return true
    }

    static func decode(_ escaped: String) -> String {
        guard escaped.utf8.span.contains(percent) else { return escaped }
        return decode(escaped.utf8.span)
    }

    static func decode(_ escaped: Span<UInt8>) -> String {
        guard escaped.contains(percent) else { return text(escaped) }
        return String(decoding: decodedBytes(escaped, where: { _ in true }), as: UTF8.self)
    }

    static func encode(_ plain: String, allowed: (UInt8) -> Bool) -> String {
        if plain.utf8.span.allSatisfy(allowed) { return plain }
        var text = OctetWriter()
        append(plain, to: &text, allowed: allowed)
        return text.text
    }

    static func append(_ plain: String, to output: inout OctetWriter, allowed: (UInt8) -> Bool) {
        if plain.utf8.span.allSatisfy(allowed) { return output.append(plain) }
        for byte in plain.utf8 {
            if allowed(byte) { output.append(byte) } else { appendEscape(byte, to: &output) }
        }
    }

    /// One spelling for all that mean the same: unreserved bytes bare, the others with upper-case digits.
    static func normalized(_ escaped: String) -> [UInt8] {
        decodedBytes(escaped.utf8.span, where: Grammar.isUnreserved)
    }

    private static func appendEscape(_ byte: UInt8, to output: inout OctetWriter) {
        output.append(percent)
        output.append(digit(byte >> 4))
        output.append(digit(byte & 15))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8.zero + value : UInt8(ascii: "A") - 10 + value
    }

    private static func decodedBytes(_ escaped: Span<UInt8>, where plain: (UInt8) -> Bool) -> [UInt8] {
        var bytes = OctetWriter(capacity: escaped.count)
        var index = 0
        while index < escaped.count {
            let byte = escaped[index]
            if byte == percent, index + 2 < escaped.count, let high = escaped[index + 1].hexValue,
                let low = escaped[index + 2].hexValue
            {
                let value = high << 4 | low
                if plain(value) { bytes.append(value) } else { appendEscape(value, to: &bytes) }
                index += 3
            } else {
                bytes.append(byte)
                index += 1
            }
        }
        return bytes.bytes
    }
}
