import Wire

/// A number or address as somebody wrote it, with the form in which two of them are compared.
///
/// Records keep and return the text as received; only comparison and search use `normal`.
package struct PhoneNumber: Sendable {
    package let text: String
    /// Digits only, an 11-digit number that starts with 8 written with 7; a name (`echo`, `sip:anna@…`) in lowercase.
    package let normal: String

    /// Longest text that validates; what a trunk or phone sends may be longer and is still kept as received.
    package static let maximumLength = 256

    package init(_ text: String) {
        self.text = text
        normal = Self.normalForm(text)
    }

    /// The last ten digits, or all of them when there are fewer: equal keys mean the same telephone.
    package var matchKey: String { String(normal.suffix(10)) }

    package func matches(_ other: PhoneNumber) -> Bool { !normal.isEmpty && matchKey == other.matchKey }
    package func matches(_ other: String) -> Bool { matches(PhoneNumber(other)) }

    private static func normalForm(_ text: String) -> String {
        let user = userPart(of: text)
        let digits = user.utf8.filter(ASCII.isDigit)
        guard !digits.isEmpty, !user.utf8.contains(where: ASCII.isLetter) else { return user.lowercased() }
        var normal = digits
        if normal.count == 11, normal[0] == UInt8(ascii: "8") { normal[0] = UInt8(ascii: "7") }
        return String(decoding: normal, as: UTF8.self)
    }

    /// What stands before the host in a `sip:`, `sips:` or `tel:` URI; any other text unchanged.
    private static func userPart(of text: String) -> Substring {
        // Looked for by bytes, since most have none.
        guard text.utf8.contains(ASCII.colon) else { return Substring(text) }
        guard let colon = text.firstIndex(of: ":"), ["sip", "sips", "tel"].contains(text[..<colon].lowercased())
        else { return Substring(text) }
        return text[text.index(after: colon)...].prefix { $0 != "@" && $0 != ";" && $0 != "?" }
    }
}

extension PhoneNumber {
    /// What `isAcceptable` accepts, as a regular expression without its anchors.
    package static let pattern =
        #"\+?[0-9][0-9 ().-]{0,24}|[sS][iI][pP][sS]?:[^\s@\u0000-\u001F\u007F-\u009F]+(@[^\s@\u0000-\u001F\u007F-\u009F]+)?"#
    /// What `isE164` accepts.
    package static let patternOfE164 = #"[ ().-]*\+?[ ().-]*[1-9]([ ().-]*[0-9]){1,14}[ ().-]*"#

    /// Whether REST and sockets accept the text as a telephone number or a SIP URI.
    package static func isAcceptable(_ text: String) -> Bool {
        guard text.utf8.count <= maximumLength else { return false }
        let lowered = text.prefix(5).lowercased()
        if lowered.hasPrefix("sip:") { return isAddress(text.dropFirst(4)) }
        if lowered.hasPrefix("sips:") { return isAddress(text.dropFirst(5)) }
        var bytes = ArraySlice(text.utf8)
        if bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        guard bytes.count <= 25, let first = bytes.first, ASCII.isDigit(first) else { return false }
        return bytes.allSatisfy { ASCII.isDigit($0) || isFormatting($0) }
    }

    /// Whether the text is an E.164 number once its formatting is removed, as `phoneNumber` of document 004 must be.
    package static func isE164(_ text: String) -> Bool {
        var bytes = text.utf8.filter { !isFormatting($0) }[...]
        if bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        guard (2...15).contains(bytes.count), bytes.first != ASCII.zero else { return false }
        return bytes.allSatisfy(ASCII.isDigit)
    }

    private static func isFormatting(_ byte: UInt8) -> Bool { " ()-.".utf8.contains(byte) }

    /// `user` or `user@host`, neither empty, no blanks.
    private static func isAddress(_ rest: Substring) -> Bool {
        let parts = rest.split(separator: "@", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.unicodeScalars.allSatisfy(isVisible) }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x20 && !(0x7F...0x9F).contains(scalar.value) && !scalar.properties.isWhitespace
    }
}
