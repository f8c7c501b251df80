import Wire

/// Cuts a byte stream into requests (RFC 9112): bytes in, whole requests out, one at a time.
struct RequestDecoder {
    enum Event {
        /// A head is here whose client waits for 100 (Continue) before it sends the body.
        case continueExpected
        case request(RequestHead, body: [UInt8])
    }

    /// Where in a message the next byte belongs.
    enum Stage: Equatable {
        case betweenRequests
        case head
        case body
    }

    private enum State {
        case head
        case counted(RequestHead, length: Int)
        case chunkSize(RequestHead)
        case chunkData(RequestHead, remaining: Int)
        case chunkEnd(RequestHead)
        case trailers(RequestHead)
    }

    private let limits: WebLimits
    private var state = State.head
    private var buffer = ByteQueue()
    /// The lines of the head found so far, as distances from the front of the buffer.
    private var lines: [Range<Int>] = []
    private var scanned = 0
    private var body: [UInt8] = []
    private var trailerBytes = 0

    init(limits: WebLimits) { self.limits = limits }

    /// Bytes received and not yet part of a request.
    var bufferedBytes: Int { buffer.count }

    /// The same with what has already been taken out of its chunks.
    var heldBytes: Int { buffer.count + body.count }

    var stage: Stage {
        guard case .head = state else { return .body }
        return buffer.count == 0 ? .betweenRequests : .head
    }

    mutating func append(_ bytes: [UInt8]) { buffer.append(bytes) }

    /// Takes what is buffered and no request: the first bytes of another protocol after an upgrade.
    mutating func takeRest() -> [UInt8] { buffer.take(buffer.count) }

    /// The next event the buffered bytes complete, nil when more are needed.
    mutating func next() throws(RequestError) -> Event? {
        while true {
            switch state {
            case .head:
                guard let head = try readHead() else { return nil }
                state = head.bodyLength == .chunked ? .chunkSize(head) : .counted(head, length: length(head))
                if head.expectsContinue, length(head) != 0, buffer.count == 0 { return .continueExpected }
            case .counted(let head, let length):
                guard buffer.count >= length else { return nil }
                return finish(head, buffer.take(length))
            case .chunkSize(let head):
                guard let line = try readLine(limit: 256) else { return nil }
                state = try afterChunkSize(line, head)
            case .chunkData(let head, let remaining):
                let piece = buffer.take(min(remaining, buffer.count))
                body += piece
                guard piece.count == remaining else {
                    state = .chunkData(head, remaining: remaining - piece.count)
                    return nil
                }
                state = .chunkEnd(head)
            case .chunkEnd(let head):
                guard let line = try readLine(limit: 2) else { return nil }
                guard line.isEmpty else { throw .malformed("chunk") }
                state = .chunkSize(head)
            case .trailers(let head):
                guard let line = try readLine(limit: limits.headBytes) else { return nil }
                trailerBytes += line.count
                guard trailerBytes <= limits.headBytes else { throw .headTooLarge }
                if line.isEmpty { return finish(head, body) }
            }
        }
    }

    private func length(_ head: RequestHead) -> Int {
        guard case .bytes(let length) = head.bodyLength else { return -1 }
        return length
    }

    private mutating func finish(_ head: RequestHead, _ content: [UInt8]) -> Event {
        state = .head
        body = []
        trailerBytes = 0
        return .request(head, body: content)
    }

    private mutating func afterChunkSize(_ line: [UInt8], _ head: RequestHead) throws(RequestError) -> State {
        // Extensions are allowed and mean nothing to us (RFC 9112 §7.1.1).
        let digits = line.prefix { ASCII.hexValue($0) != nil }
        let rest = line[digits.count...].drop(while: ASCII.isWhitespace)
        guard !digits.isEmpty, digits.count <= 8, rest.isEmpty || rest.first == UInt8(ascii: ";"),
            rest.allSatisfy(HTTPGrammar.isValueByte)
        else { throw .malformed("chunk size") }
        let size = digits.reduce(0) { $0 << 4 | Int(ASCII.hexValue($1) ?? 0) }
        if size == 0 { return .trailers(head) }
        guard body.count + size <= limits.bodyBytes else { throw .bodyTooLarge }
        return .chunkData(head, remaining: size)
    }

    /// A line ended by CRLF, and by nothing else, within a chunked body.
    private mutating func readLine(limit: Int) throws(RequestError) -> [UInt8]? {
        guard let newline = buffer.firstIndex(of: ASCII.lineFeed, from: 0) else {
            guard buffer.count <= limit else { throw .malformed("chunk line") }
            return nil
        }
        guard newline <= limit, newline > 0, buffer.byte(at: newline - 1) == ASCII.carriageReturn else {
            throw .malformed("chunk line")
        }
        return Array(buffer.take(newline + 1).dropLast(2))
    }

    /// A whole head; each byte is looked at once however it is split.
    ///
    /// A lone LF ends a line too (RFC 9112 §2.2).
    private mutating func readHead() throws(RequestError) -> RequestHead? {
        while let newline = buffer.firstIndex(of: ASCII.lineFeed, from: scanned) {
            let start = lines.last.map { $0.upperBound } ?? 0
            scanned = newline + 1
            guard scanned <= limits.headBytes else { throw .headTooLarge }
            let isEmpty = newline == start || (newline == start + 1 && buffer.byte(at: start) == ASCII.carriageReturn)
            if !isEmpty {
                lines.append(start..<scanned)
            } else if lines.isEmpty {
                // Empty lines before a request are old clients' habit.
                _ = buffer.take(scanned)
                scanned = 0
            } else {
                return try takeHead(end: start)
            }
        }
        guard buffer.count <= limits.headBytes else { throw lines.isEmpty ? .targetTooLong : .headTooLarge }
        scanned = buffer.count
        return nil
    }

    private mutating func takeHead(end: Int) throws(RequestError) -> RequestHead {
        let bytes = buffer.take(scanned)
        let ranges = lines
        lines = []
        scanned = 0
        return try RequestHead(lines: ranges.map { Self.withoutLineEnd(bytes[$0]) }, limits: limits)
    }

    private static func withoutLineEnd(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let body = line.dropLast()
        return body.last == ASCII.carriageReturn ? body.dropLast() : body
    }
}
