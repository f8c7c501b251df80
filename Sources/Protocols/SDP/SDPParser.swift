import Wire

extension SessionDescription {
    /// Reads a description in one pass over its bytes.
    ///
    /// Lines may end in a bare LF, fields may stand in any order, and bytes that are no UTF-8 are replaced. Every limit
    /// is one of `SDPLimit`.
    package init(parsing bytes: [UInt8]) throws(SDPError) {
        guard bytes.count <= SDPLimit.maximumBytes else { throw .tooLarge }
        var parser = SDPParser()
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: ASCII.lineFeed) ?? bytes.endIndex
            try parser.line(bytes[start..<end])
            start = end + 1
        }
        self = try parser.finish()
    }
}

/// Collects lines into a description: those before the first m-line are the session's.
private struct SDPParser {
    private var session = SessionDescription(origin: "", name: "-", otherLines: [])
    private var media: MediaDescription?
    private var lineNumber = 0
    private var candidates = 0
    private var sawVersion = false

    mutating func line(_ raw: ArraySlice<UInt8>) throws(SDPError) {
        lineNumber += 1
        guard lineNumber <= SDPLimit.lines.maximum else { throw .tooMany(.lines) }
        let line = raw.last == ASCII.carriageReturn ? raw.dropLast() : raw
        guard let type = line.first else { return }
        guard ASCII.isLetter(type), line.dropFirst().first == UInt8(ascii: "="),
            !line.contains(where: { $0 == 0 || $0 == ASCII.carriageReturn })
        else { throw sawVersion ? .malformedLine(lineNumber) : .notSDP }
        let value = line.dropFirst(2)
        guard sawVersion else {
            guard type == UInt8(ascii: "v"), value.elementsEqual("0".utf8) else { throw .notSDP }
            sawVersion = true
            return
        }
        if type == UInt8(ascii: "a") { try attribute(value) } else { try field(type, Self.text(value)) }
    }

    mutating func finish() throws(SDPError) -> SessionDescription {
        guard sawVersion else { throw .notSDP }
        if let media { session.media.append(media) }
        return session
    }

    private mutating func field(_ type: UInt8, _ value: String) throws(SDPError) {
        switch type {
        case UInt8(ascii: "m"): try openMedia(value)
        case UInt8(ascii: "c"): connection(value)
        case UInt8(ascii: "o") where media == nil: session.origin = value
        case UInt8(ascii: "s") where media == nil: session.name = value
        default: other(SDPLine(type: type, value: value))
        }
    }

    private mutating func openMedia(_ value: String) throws(SDPError) {
        if let media { session.media.append(media) }
        guard session.media.count < SDPLimit.media.maximum else { throw .tooMany(.media) }
        let parts = ASCII.split(value, at: ASCII.space, maxSplits: 3)
        guard parts.count >= 3, let port = portNumber(parts[1]) else { throw .malformedMedia(line: lineNumber) }
        let formats =
            parts.count > 3 ? ASCII.split(parts[3], at: ASCII.space, maxSplits: SDPLimit.formats.maximum) : []
        guard formats.count <= SDPLimit.formats.maximum else { throw .tooMany(.formats) }
        media = MediaDescription(
            kind: String(parts[0]), port: port, profile: String(parts[2]), formats: formats.map(String.init))
        media?.attributes.reserveCapacity(16)
    }

    /// The port of `49170` or `49170/2`; the count of further ports is for layered encodings, which audio has not.
    private func portNumber(_ text: Substring) -> UInt16? {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "/") }
        return ASCII.decimal(digits, maximumDigits: 5).flatMap { UInt16(exactly: $0) }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private mutating func attribute(_ line: ArraySlice<UInt8>) throws(SDPError) {
        let count = media?.attributes.count ?? session.attributes.count
        guard count < SDPLimit.attributes.maximum else { throw .tooMany(.attributes) }
        let colon = line.firstIndex(of: ASCII.colon) ?? line.endIndex
        let attribute = SDPAttribute(Self.text(line[..<colon]), Self.text(line[colon...].dropFirst()))
        if attribute.name == "candidate" {
            candidates += 1
            guard candidates <= SDPLimit.candidates.maximum else { throw .tooMany(.candidates) }
        }
        guard media != nil else { return session.attributes.append(attribute) }
        media?.attributes.append(attribute)
    }

    private mutating func connection(_ value: String) {
        guard let connection = SDPConnection(value) else {
            return other(SDPLine(type: UInt8(ascii: "c"), value: value))
        }
        guard media != nil else { return session.connection = connection }
        // Further c-lines of one media are layers of a multicast session; the first is the stream's.
        if media?.connection == nil { media?.connection = connection }
    }

    private mutating func other(_ line: SDPLine) {
        guard media != nil else { return session.otherLines.append(line) }
        media?.otherLines.append(line)
    }
}

extension SDPConnection {
    /// Reads `IN IP4 192.0.2.1` (a multicast TTL after a slash is dropped); nil for another network or family.
    init?(_ text: some StringProtocol) {
        let parts = ASCII.split(text, at: ASCII.space)
        guard parts.count >= 3, parts[0] == "IN", parts[1] == "IP4" || parts[1] == "IP6" else { return nil }
        let host = parts[2].utf8.prefix { $0 != UInt8(ascii: "/") }
        self.init(host: String(Substring(host)), isIPv6: parts[1] == "IP6")
    }

    init(_ ip: IPAddress) { self.init(host: ip.description, isIPv6: !ip.isIPv4) }

    /// The address, when the host is one.
    var ip: IPAddress? { IPAddress(host) }

    var text: String { (isIPv6 ? "IN IP6 " : "IN IP4 ") + host }
}
