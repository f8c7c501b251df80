import Wire

/// Reads whole messages (RFC 3261 7), in time linear in their length.
package enum SIPParser {
    /// Where the bytes of a message end.
    package enum Framing: Sendable {
        /// One datagram or WebSocket message: Content-Length may be missing, and bytes after the body are dropped.
        case datagram
        /// Exactly the bytes that `StreamFramer` cut out: Content-Length must be there.
        case stream
    }

    /// Reads one message; the error of a request carries its answer.
    package static func parse(_ bytes: [UInt8], framing: Framing = .datagram) throws(SIPParseError) -> SIPMessage {
        let head = HeadScanner(bytes)
        let line = head.bytes.span.extracting(head.startLine.start..<head.startLine.end)
        let reader = HeaderReader(head)
        do throws(SIPParseError.Fault) {
            if let fault = head.fault { throw fault }
            let start = try StartLine.parse(line)
            try reader.check(start)
            let body = try body(head, reader.headers, framing)
            return message(start, reader.headers, body)
        } catch {
            throw rejection(error, line, reader.headers)
        }
    }

    /// The error for bytes whose fault was found outside the parser.
    static func rejection(_ fault: SIPParseError.Fault, of bytes: [UInt8]) -> SIPParseError {
        let head = HeadScanner(bytes)
        let line = head.bytes.span.extracting(head.startLine.start..<head.startLine.end)
        return rejection(fault, line, HeaderReader(head).headers)
    }

    private static func rejection(
        _ fault: SIPParseError.Fault, _ startLine: Span<UInt8>, _ headers: SIPHeaders
    ) -> SIPParseError {
        let isSilent = StartLine.forbidsAnswer(startLine) || !headers.contains(.via)
        return SIPParseError(fault: fault, answer: isSilent ? nil : headers.answer(toTag: nil))
    }

    private static func message(_ start: StartLine, _ headers: SIPHeaders, _ body: [UInt8]) -> SIPMessage {
        switch start {
        case .request(let method, let uri): .request(SIPRequest(method, uri, headers: headers, body: body))
        case .response(let status, let reason):
            .response(SIPResponse(status, reason: reason, headers: headers, body: body))
        }
    }

    private static func body(
        _ head: HeadScanner, _ headers: SIPHeaders, _ framing: Framing
    ) throws(SIPParseError.Fault) -> [UInt8] {
        let available = head.bytes.span.extracting(head.bodyStart...)
        guard let length = headers.contentLength else {
            guard framing == .datagram else { throw .missingHeader(.contentLength) }
            guard available.count <= SIPLimits.bodyBytes else { throw .bodyTooLarge }
            return [UInt8](copying: available)
        }
        guard length <= SIPLimits.bodyBytes else { throw .bodyTooLarge }
        guard length <= available.count else { throw .bodyTooShort }
        return [UInt8](copying: available.extracting(first: length))
    }
}

extension HeadScanner {
    /// The values of a Content-Length, read without the rest of the headers.
    var contentLengths: [UInt32?] {
        headerLines.compactMap { line in
            var scanner = FieldScanner(bytes.span.extracting(line.start..<line.end))
            guard let name = scanner.token(), SIPHeaderName(name) == .contentLength, scanner.skipSeparator(":")
            else { return nil }
            return .some(Decimal.exactly(trimmed(scanner.rest)))
        }
    }
}

/// Turns the lines of a head into header fields, and checks those that every message lives on.
private struct HeaderReader {
    private(set) var headers: SIPHeaders
    /// The first line that is no header at all.
    private var fault: SIPParseError.Fault?

    init(_ head: HeadScanner) {
        var fields: [SIPHeaders.Field] = []
        fields.reserveCapacity(head.headerLines.count + 4)
        for line in head.headerLines {
            if let field = HeaderReader.field(head.bytes, line) {
                fields.append(field)
            } else {
                fault = fault ?? .malformedHeader(.other)
            }
        }
        headers = SIPHeaders(fields: fields)
    }

    private static func field(_ bytes: [UInt8], _ line: HeadScanner.Line) -> SIPHeaders.Field? {
        let text = bytes.span.extracting(line.start..<line.end)
        guard let colon = text.firstIndex(of: UInt8.colon) else { return nil }
        var nameEnd = colon
        while nameEnd > 0, text[nameEnd - 1].isWhitespace { nameEnd -= 1 }
        let nameBytes = text.extracting(first: nameEnd)
        let name = SIPHeaderName(nameBytes)
        // A name that is known is a token.
        guard name != .other || !nameBytes.isEmpty && nameBytes.allSatisfy(Grammar.isToken) else { return nil }
        let value = trimmed(text.extracting((colon + 1)...))
        var start = colon + 1
        while start < text.count, text[start].isWhitespace { start += 1 }
        start += line.start
        return SIPHeaders.Field(
            name: name, spelling: name == .other ? line.start..<line.start + nameEnd : nil,
            value: start..<start + value.count, in: bytes, meaning: SIPHeaders.Field.meaning(of: name, value))
    }

    /// Throws the first fault of the headers.
    func check(_ start: StartLine) throws(SIPParseError.Fault) {
        if let fault { throw fault }
        try checkPresence()
        var vias = 0
        let fields = headers.fields.span
        for index in fields.indices {
            guard HeaderReader.isWellFormed(fields[index]) else { throw .malformedHeader(fields[index].name) }
            if case .vias(let hops) = fields[index].meaning { vias += hops.count }
        }
        guard vias <= SIPLimits.vias else { throw .tooManyHeaders }
        if case .request(let method, _) = start, headers.cseq?.method != method { throw .methodMismatch }
    }

    /// What must be there is, and what must not be there twice is not.
    private func checkPresence() throws(SIPParseError.Fault) {
        var seen: UInt128 = 0
        var repeated: SIPHeaderName?
        let fields = headers.fields.span
        for index in fields.indices {
            let name = fields[index].name
            let bit: UInt128 = 1 << UInt128(name.rawValue)
            if seen & bit != 0, name.isSingle { repeated = repeated ?? name }
            seen |= bit
        }
        for name in HeaderReader.mandatory where seen & 1 << UInt128(name.rawValue) == 0 { throw .missingHeader(name) }
        if let repeated { throw .repeatedHeader(repeated) }
    }

    private static let mandatory: [SIPHeaderName] = [.via, .from, .to, .callID, .cseq]

    private static func isWellFormed(_ field: SIPHeaders.Field) -> Bool {
        switch field.name {
        case .contact:
            if case .unread = field.meaning { return field.isWildcard }
            return true
        case .via, .from, .to, .cseq, .route, .recordRoute:
            if case .unread = field.meaning { return false }
            return true
        case .callID: return !field.bytes.isEmpty && field.bytes.allSatisfy { !$0.isWhitespace }
        case .maxForwards: return Decimal.exactly(field.bytes).map { $0 <= UInt8.max } ?? false
        case .contentLength: return Decimal.exactly(field.bytes) != nil
        default: return true
        }
    }
}
