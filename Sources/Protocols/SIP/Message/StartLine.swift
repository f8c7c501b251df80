import Wire

/// The first line of a message (RFC 3261 7.1, 7.2).
enum StartLine {
    case request(SIPMethod, SIPURI)
    case response(status: Int, reason: String)

    /// What may not be answered: a response, which begins with the version, or an ACK.
    static func forbidsAnswer(_ line: Span<UInt8>) -> Bool {
        let word = line.extracting(first: min(line.count, 4))
        return word.isSame(as: "SIP/") || word.isSame(as: "ACK ")
    }

    static func parse(_ line: Span<UInt8>) throws(SIPParseError.Fault) -> StartLine {
        let isResponse = line.count >= 4 && equalIgnoringCase(line.extracting(first: 4), "SIP/")
        return try isResponse ? parseStatusLine(line) : parseRequestLine(line)
    }

    private static func parseRequestLine(_ line: Span<UInt8>) throws(SIPParseError.Fault) -> StartLine {
        guard let first = line.firstIndex(of: UInt8.space), let last = line.lastIndex(of: UInt8.space), first < last,
            let method = SIPMethod(token: line.extracting(first: first))
        else { throw .malformedStartLine }
        try checkVersion(line.extracting((last + 1)...))
        // A Request-URI carries no headers (RFC 3261 19.1.1, RFC 4475 3.1.2.11).
        guard let uri = SIPURI.parse(line.extracting((first + 1)..<last)), uri.headers.isEmpty else {
            throw .malformedRequestURI
        }
        return .request(method, uri)
    }

    private static func parseStatusLine(_ line: Span<UInt8>) throws(SIPParseError.Fault) -> StartLine {
        let space = line.firstIndex(of: UInt8.space) ?? line.count
        try checkVersion(line.extracting(first: space))
        let rest = line.extracting(min(space + 1, line.count)...)
        let end = rest.firstIndex(of: UInt8.space) ?? rest.count
        guard end == 3, let status = Decimal.exactly(rest.extracting(first: end)), 100...699 ~= status else {
            throw .malformedStartLine
        }
        let reason = rest.extracting(min(end + 1, rest.count)...)
        return .response(status: Int(status), reason: text(reason))
    }

    private static func checkVersion(_ bytes: Span<UInt8>) throws(SIPParseError.Fault) {
        if equalIgnoringCase(bytes, "SIP/2.0") { return }
        guard bytes.count > 4, equalIgnoringCase(bytes.extracting(first: 4), "SIP/"),
            bytes.extracting(4...).allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") })
        else { throw .malformedStartLine }
        throw .unsupportedVersion
    }
}
