import Wire

/// A request line and its fields, checked (RFC 9112 §3, §5).
struct RequestHead: Sendable {
    enum BodyLength: Equatable {
        case bytes(Int)
        case chunked
    }

    let method: HTTPMethod
    let target: HTTPTarget
    let fields: HTTPFields
    let host: String
    /// HTTP/1.0 clients get no chunks, no 100, and a closed connection unless they ask otherwise.
    let isVersion10: Bool
    let bodyLength: BodyLength

    /// Whether the client wants the connection kept.
    var keepsAlive: Bool {
        if fields.list("Connection", contains: "close") { return false }
        return !isVersion10 || fields.list("Connection", contains: "keep-alive")
    }

    var expectsContinue: Bool { !isVersion10 && fields["Expect"] != nil }

    /// Parses the lines of a head, without the empty one at its end.
    init(lines: [ArraySlice<UInt8>], limits: WebLimits) throws(RequestError) {
        guard let first = lines.first else { throw .malformed("empty") }
        let (method, target, isVersion10) = try Self.requestLine(first, limits)
        guard lines.count - 1 <= limits.fieldCount else { throw .headTooLarge }
        var fields = HTTPFields()
        for line in lines.dropFirst() { try Self.addField(line, to: &fields) }
        self.method = method
        self.target = target
        self.fields = fields
        self.isVersion10 = isVersion10
        host = try Self.host(fields, isVersion10)
        bodyLength = try Self.bodyLength(fields, isVersion10, limits)
        if let expectation = fields["Expect"], !ASCII.equalIgnoringCase(expectation, "100-continue") {
            throw .expectationUnknown
        }
    }

    private static func requestLine(
        _ line: ArraySlice<UInt8>, _ limits: WebLimits
    ) throws(RequestError) -> (HTTPMethod, HTTPTarget, isVersion10: Bool) {
        let parts = line.split(separator: ASCII.space, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(HTTPGrammar.isTokenByte), parts[0].count <= 32
        else { throw .malformed("request line") }
        guard parts[1].count <= limits.targetBytes else { throw .targetTooLong }
        let version = try version(parts[2])
        let method = HTTPMethod(String(decoding: parts[0], as: UTF8.self))
        guard parts[1].allSatisfy({ $0 > ASCII.space && $0 != 0x7F }), let target = target(parts[1], method) else {
            throw .malformed("target")
        }
        return (method, target, version)
    }

    /// Origin form; absolute form is reduced to it, `*` of OPTIONS becomes `/` (RFC 9112 §3.2).
    private static func target(_ bytes: ArraySlice<UInt8>, _ method: HTTPMethod) -> HTTPTarget? {
        if bytes.first == UInt8(ascii: "/") { return HTTPTarget(bytes: bytes) }
        if bytes.elementsEqual("*".utf8), method == .options { return HTTPTarget("/") }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        if rest.first == UInt8(ascii: "/") { return HTTPTarget(bytes: rest) }
        return HTTPTarget(bytes: Array("/".utf8) + Array(rest))
    }

    /// Answers whether it is HTTP/1.0; later minor versions are spoken to as 1.1.
    private static func version(_ bytes: ArraySlice<UInt8>) throws(RequestError) -> Bool {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), let major = bytes.dropFirst(5).first,
            let minor = bytes.last, bytes.dropFirst(6).first == UInt8(ascii: "."), ASCII.isDigit(major),
            ASCII.isDigit(minor)
        else { throw .malformed("version") }
        guard major == UInt8(ascii: "1") else { throw .versionUnsupported }
        return minor == UInt8(ascii: "0")
    }

    private static func addField(_ line: ArraySlice<UInt8>, to fields: inout HTTPFields) throws(RequestError) {
        // A name must begin the line and end right before the colon: folded lines and `Name :` are how requests are
        // smuggled past proxies.
        guard let colon = line.firstIndex(of: ASCII.colon), colon > line.startIndex,
            line[..<colon].allSatisfy(HTTPGrammar.isTokenByte)
        else { throw .malformed("field name") }
        var value = line[(colon + 1)...].drop(while: ASCII.isWhitespace)
        while let last = value.last, ASCII.isWhitespace(last) { value = value.dropLast() }
        guard value.allSatisfy(HTTPGrammar.isValueByte) else { throw .malformed("field value") }
        fields.addChecked(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    private static func host(_ fields: HTTPFields, _ isVersion10: Bool) throws(RequestError) -> String {
        let hosts = fields.values("Host")
        guard hosts.count == 1 || (hosts.isEmpty && isVersion10) else { throw .malformed("Host") }
        let host = hosts.first ?? ""
        guard host.utf8.allSatisfy({ $0 > ASCII.space && $0 < 0x7F && !"/?#@\\".utf8.contains($0) }) else {
            throw .malformed("Host")
        }
        return host
    }

    /// RFC 9112 §6.3, refusing whatever could be read in two ways.
    private static func bodyLength(
        _ fields: HTTPFields, _ isVersion10: Bool, _ limits: WebLimits
    ) throws(RequestError) -> BodyLength {
        let codings = fields.list("Transfer-Encoding")
        let lengths = fields.list("Content-Length")
        if fields["Transfer-Encoding"] != nil {
            guard lengths.isEmpty, !isVersion10 else { throw .malformed("Content-Length beside Transfer-Encoding") }
            guard codings.count == 1, ASCII.equalIgnoringCase(codings[0], "chunked") else {
                throw .transferCodingUnknown
            }
            return .chunked
        }
        guard fields["Content-Length"] != nil else { return .bytes(0) }
        guard let first = lengths.first, lengths.allSatisfy({ $0 == first }),
            let value = ASCII.decimal(first.utf8, maximumDigits: 18)
        else { throw .malformed("Content-Length") }
        guard value <= UInt64(limits.bodyBytes) else { throw .bodyTooLarge }
        return .bytes(Int(value))
    }
}
