import Wire

extension SessionDescription {
    /// Reads a description in one pass over its bytes.
    ///
    /// Lines may end in a bare LF, fields may stand in any order, and bytes that are no UTF-8 are replaced. Every limit
    /// is one of `SDPLimit`.
    package init(parsing bytes: [UInt8]) throws(SDPError) {
        guard bytes.count <= SDPLimit.maximumBytes else { throw .tooLarge }
        var parser = SDPParser()
        let bytes = bytes.span
        var start = 0
        while start < bytes.count {
            let end = bytes.firstIndex(of: ASCII.lineFeed, from: start) ?? bytes.count
            try parser.line(bytes.extracting(start..<end))
            start = end + 1
        }
        self = try parser.finish()
    }
}

/// Collects lines into a description: those before the first m-line are the session's, the others the latest media's.
private struct SDPParser {
    private var session = SessionDescription(origin: "", name: "-", otherLines: [])
    private var lineNumber = 0
    private var candidates = 0
    private var sawVersion = false

    /// The media that lines belong to; nil before the first.
    private var latest: Int? { session.media.isEmpty ? nil : session.media.count - 1 }

    mutating func line(_ raw: Span<UInt8>) throws(SDPError) {
        lineNumber += 1
        guard lineNumber <= SDPLimit.lines.maximum else { throw .tooMany(.lines) }
        let hasReturn = !raw.isEmpty && raw[raw.count - 1] == ASCII.carriageReturn
        let line = hasReturn ? raw.extracting(droppingLast: 1) : raw
        guard !line.isEmpty else { return }
        let type = line[0]
        guard ASCII.isLetter(type), line.count > 1, line[1] == UInt8(ascii: "="), line.firstIndex(of: 0) == nil,
            line.firstIndex(of: ASCII.carriageReturn) == nil
        else { throw sawVersion ? .malformedLine(lineNumber) : .notSDP }
        let value = line.extracting(2...)
        guard sawVersion else {
            guard type == UInt8(ascii: "v"), value.isSame(as: "0") else { throw .notSDP }
            sawVersion = true
            return
        }
        switch type {
        case UInt8(ascii: "a"): try attribute(value)
        case UInt8(ascii: "m"): try openMedia(value)
        case UInt8(ascii: "c"): connection(value)
        case UInt8(ascii: "o") where latest == nil: session.origin = text(value)
        case UInt8(ascii: "s") where latest == nil: session.name = text(value)
        default: other(type, value)
        }
    }

    func finish() throws(SDPError) -> SessionDescription {
        guard sawVersion else { throw .notSDP }
        return session
    }

    private mutating func openMedia(_ value: Span<UInt8>) throws(SDPError) {
        guard session.media.count < SDPLimit.media.maximum else { throw .tooMany(.media) }
        var words = Words(value)
        guard let kind = words.next(), let number = words.next(), let port = portNumber(number),
            let profile = words.next()
        else { throw .malformedMedia(line: lineNumber) }
        var media = MediaDescription(kind: text(kind), port: port, profile: text(profile), formats: [])
        while let format = words.next() {
            guard media.formats.count < SDPLimit.formats.maximum else { throw .tooMany(.formats) }
            media.formats.append(text(format))
        }
        media.attributes.reserveCapacity(16)
        session.media.append(media)
    }

    /// The port of `49170` or `49170/2`; the count of further ports is for layered encodings, which audio has not.
    private func portNumber(_ word: Span<UInt8>) -> UInt16? {
        let digits = word.extracting(first: word.firstIndex(of: UInt8(ascii: "/")) ?? word.count)
        return ASCII.decimal(digits, maximumDigits: 5).flatMap { UInt16(exactly: $0) }
    }

    private mutating func attribute(_ line: Span<UInt8>) throws(SDPError) {
        let count = latest.map { session.media[$0].attributes.count } ?? session.attributes.count
        guard count < SDPLimit.attributes.maximum else { throw .tooMany(.attributes) }
        let colon = line.firstIndex(of: ASCII.colon) ?? line.count
        let attribute = SDPAttribute(
            text(line.extracting(first: colon)), text(line.extracting(min(colon + 1, line.count)...)))
        if attribute.name == "candidate" {
            candidates += 1
            guard candidates <= SDPLimit.candidates.maximum else { throw .tooMany(.candidates) }
        }
        guard let latest else { return session.attributes.append(attribute) }
        session.media[latest].attributes.append(attribute)
    }

    private mutating func connection(_ value: Span<UInt8>) {
        guard let connection = SDPConnection(value) else { return other(UInt8(ascii: "c"), value) }
        guard let latest else { return session.connection = connection }
        // Further c-lines of one media are layers of a multicast session; the first is the stream's.
        if session.media[latest].connection == nil { session.media[latest].connection = connection }
    }

    private mutating func other(_ type: UInt8, _ value: Span<UInt8>) {
        let line = SDPLine(type: type, value: text(value))
        guard let latest else { return session.otherLines.append(line) }
        session.media[latest].otherLines.append(line)
    }
}

extension SDPConnection {
    /// Reads `IN IP4 192.0.2.1` (a multicast TTL after a slash is dropped); nil for another network or family.
    init?(_ line: Span<UInt8>) {
        var words = Words(line)
        guard let network = words.next(), network.isSame(as: "IN"), let family = words.next(),
            family.isSame(as: "IP4") || family.isSame(as: "IP6"), let address = words.next()
        else { return nil }
        let host = address.extracting(first: address.firstIndex(of: UInt8(ascii: "/")) ?? address.count)
        self.init(host: SDP.text(host), isIPv6: family.isSame(as: "IP6"))
    }

    init(_ ip: IPAddress) { self.init(host: ip.description, isIPv6: !ip.isIPv4) }

    /// The address, when the host is one.
    var ip: IPAddress? { IPAddress(host) }

    var text: String { (isIPv6 ? "IN IP6 " : "IN IP4 ") + host }

    func append(to output: inout OctetWriter) {
        output.append(isIPv6 ? "IN IP6 " : "IN IP4 " as StaticString)
        output.append(host)
    }
}
