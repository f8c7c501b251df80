/// The first line of a message (RFC 3261 7.1, 7.2).
enum StartLine {
    case request(SIPMethod, SIPURI)
    case response(status: Int, reason: String)

    /// What may not be answered: a response, which begins with the version, or an ACK.
    static func forbidsAnswer(_ line: ArraySlice<UInt8>) -> Bool {
        line.starts(with: "SIP/".utf8) || line.starts(with: "ACK ".utf8)
    }

    static func parse(_ line: ArraySlice<UInt8>) throws(SIPParseError.Fault) -> StartLine {
        let isResponse = line.count >= 4 && equalIgnoringCase(line.prefix(4), "SIP/")
        return try isResponse ? parseStatusLine(line) : parseRequestLine(line)
    }

    private static func parseRequestLine(_ line: ArraySlice<UInt8>) throws(SIPParseError.Fault) -> StartLine {
        guard let first = line.firstIndex(of: UInt8.space), let last = line.lastIndex(of: UInt8.space), first < last,
            let method = SIPMethod(token: line[..<first])
        else { throw .malformedStartLine }
        try checkVersion(line[(last + 1)...])
        // A Request-URI carries no headers (RFC 3261 19.1.1, RFC 4475 3.1.2.11).
        guard let uri = SIPURI.parse(line[(first + 1)..<last]), uri.headers.isEmpty else {
            throw .malformedRequestURI
        }
        return .request(method, uri)
    }

    private static func parseStatusLine(_ line: ArraySlice<UInt8>) throws(SIPParseError.Fault) -> StartLine {
        let space = line.firstIndex(of: UInt8.space) ?? line.endIndex
        try checkVersion(line[..<space])
        let rest = line[space...].dropFirst()
        let end = rest.firstIndex(of: UInt8.space) ?? rest.endIndex
        guard end - rest.startIndex == 3, let status = Decimal.exactly(rest[..<end]), 100...699 ~= status else {
            throw .malformedStartLine
        }
        return .response(status: Int(status), reason: text(rest[end...].dropFirst()))
    }

    private static func checkVersion(_ bytes: ArraySlice<UInt8>) throws(SIPParseError.Fault) {
        if equalIgnoringCase(bytes, "SIP/2.0") { return }
        guard bytes.count > 4, equalIgnoringCase(bytes.prefix(4), "SIP/"),
            bytes.dropFirst(4).allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") })
        else { throw .malformedStartLine }
        throw .unsupportedVersion
    }
}
