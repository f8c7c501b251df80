import Wire

/// What of a text a browser would take for markup.
package enum Markup {
    /// The text without `<…>`; a `<` that begins no tag, or that nothing closes, stays.
    ///
    /// Begins of tags are found in what is left and not in what came, so that taking one out never leaves another
    /// behind: doing it twice is doing it once.
    package static func removed(from text: String) -> String {
        var kept: [UInt8] = []
        kept.reserveCapacity(text.utf8.count)
        /// Where in `kept` the tag begins that is still open.
        var tag: Int?
        for byte in text.utf8 {
            if byte == UInt8(ascii: ">"), let start = tag {
                kept.removeSubrange(start...)
                tag = nil
                continue
            }
            if tag == nil, kept.last == UInt8(ascii: "<"), beginsTag(byte) { tag = kept.count - 1 }
            kept.append(byte)
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// Whether a `<` before it begins a tag, a comment or the like (HTML Standard, section 13.2.5.6).
    private static func beginsTag(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?"): true
        default: false
        }
    }
}
