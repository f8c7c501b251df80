import Wire

/// Overwrites with `*` what follows certain marks, so that no length changes.
///
/// The case of a mark does not matter, nor do blanks around `=` and `:` (RFC 3261 section 7.3.1).
enum SecretMask {
    /// What begins a secret, in lower case and without the sign that follows it, and the bytes that end it.
    private struct Mark {
        let name: [UInt8]
        let sign: UInt8
        let ends: [UInt8]

        init(_ name: String, _ sign: Unicode.Scalar, ends: String) {
            (self.name, self.sign, self.ends) = (Array(name.utf8), UInt8(ascii: sign), Array(ends.utf8))
        }
    }

    private static let marks = [
        Mark("response", "=", ends: ",\r\n"),
        Mark("cnonce", "=", ends: ",\r\n"),
        Mark("inline", ":", ends: " |\r\n"),
        Mark("a=ice-pwd", ":", ends: "\r\n"),
        // Digits by INFO may be those of a card.
        Mark("signal", "=", ends: "\r\n"),
    ]

    static func masked(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for mark in marks {
            var place = 0
            while let start = secret(after: mark, in: result, from: place) {
                place = start
                while place < result.count, !mark.ends.contains(result[place]) {
                    if result[place] != UInt8(ascii: "\"") { result[place] = UInt8(ascii: "*") }
                    place += 1
                }
            }
        }
        return result
    }

    /// Where the next secret of a kind begins.
    private static func secret(after mark: Mark, in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = mark.name.first else { return nil }
        var index = start
        while index + mark.name.count < bytes.count {
            defer { index += 1 }
            guard bytes[index] | 0x20 == first else { continue }
            let end = index + mark.name.count
            guard bytes[index..<end].elementsEqual(mark.name, by: { $0 == $1 || $0 | 0x20 == $1 }) else { continue }
            var place = skipBlanks(bytes, end)
            guard place < bytes.count, bytes[place] == mark.sign else { continue }
            place = skipBlanks(bytes, place + 1)
            return place
        }
        return nil
    }

    private static func skipBlanks(_ bytes: [UInt8], _ start: Int) -> Int {
        var place = start
        while place < bytes.count, bytes[place] == UInt8(ascii: " ") || bytes[place] == UInt8(ascii: "\t") {
            place += 1
        }
        return place
    }
}
