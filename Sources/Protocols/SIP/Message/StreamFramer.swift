/// Cuts the bytes of a TCP or TLS connection into messages by Content-Length (RFC 3261 18.3), and finds the
/// keep-alives between them (RFC 5626 3.5.1).
///
/// Feed it with `receive`, then call `next` until it answers nil. An error is final, for nothing tells where the next
/// message begins: send its answer if it has one, and close the connection. What is buffered is never more than one
/// message of `SIPLimits` and the bytes of one `receive`.
package struct StreamFramer: Sendable {
    /// Who opened the connection: that side sends pings, the other one pongs.
    package enum Role: Sendable {
        case accepted
        case opened
    }

    package enum Element: Sendable, Equatable {
        /// The bytes of one message, for `SIPParser.parse(_:framing: .stream)`.
        case message([UInt8])
        /// A double CRLF of the peer, to be answered with one CRLF at once.
        case ping
        /// The CRLF that answers our double one.
        case pong
    }

    private let role: Role
    private var buffer: [UInt8] = []
    /// Where the next element begins.
    private var start = 0
    /// How far the end of the head has been looked for.
    private var scanned = 0
    /// The end of the message at `start`, once its head is complete.
    private var messageEnd: Int?
    private var failure: SIPParseError?

    package init(role: Role) { self.role = role }

    package mutating func receive(_ bytes: [UInt8]) {
        guard failure == nil else { return }
        if start > buffer.count / 2 { compact() }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole element; nil when more bytes are needed.
    package mutating func next() throws(SIPParseError) -> Element? {
        if let failure { throw failure }
        do throws(SIPParseError.Fault) {
            if messageEnd == nil, let keepAlive = try keepAlive() { return keepAlive }
            return try message()
        } catch {
            let error = SIPParser.rejection(error, of: Array(buffer[start...].prefix(SIPLimits.messageBytes)))
            failure = error
            buffer = []
            throw error
        }
    }

    /// Takes the line breaks in front of a message; nil leaves `start` at a message, or at too few bytes to tell.
    private mutating func keepAlive() throws(SIPParseError.Fault) -> Element? {
        while start + 1 < buffer.count, buffer[start] == UInt8.carriageReturn {
            guard buffer[start + 1] == UInt8.lineFeed else { throw .malformedStartLine }
            if role == .opened {
                consume(2)
                return .pong
            }
            guard start + 2 < buffer.count else { return nil }
            if buffer[start + 2] != UInt8.carriageReturn {
                consume(2)
                continue
            }
            guard start + 3 < buffer.count else { return nil }
            guard buffer[start + 3] == UInt8.lineFeed else { throw .malformedStartLine }
            consume(4)
            return .ping
        }
        return nil
    }

    private mutating func message() throws(SIPParseError.Fault) -> Element? {
        guard start < buffer.count, buffer[start] != UInt8.carriageReturn else { return nil }
        // Not the first byte of a method or of "SIP/": TLS on a TCP port, or noise.
        guard Grammar.isToken(buffer[start]) else { throw .malformedStartLine }
        if messageEnd == nil { messageEnd = try findMessageEnd() }
        guard let end = messageEnd, end <= buffer.count else { return nil }
        let message = Array(buffer[start..<end])
        consume(message.count)
        messageEnd = nil
        return .message(message)
    }

    private mutating func findMessageEnd() throws(SIPParseError.Fault) -> Int? {
        guard let headEnd = findHeadEnd() else {
            guard buffer.count - start <= SIPLimits.headBytes else { throw .headTooLarge }
            return nil
        }
        guard headEnd - start <= SIPLimits.headBytes else { throw .headTooLarge }
        let lengths = HeadScanner(Array(buffer[start..<headEnd])).contentLengths
        guard let first = lengths.first else { throw .missingHeader(.contentLength) }
        guard lengths.count == 1 else { throw .repeatedHeader(.contentLength) }
        guard let length = first.map(Int.init) else { throw .malformedHeader(.contentLength) }
        guard length <= SIPLimits.bodyBytes else { throw .bodyTooLarge }
        guard headEnd - start + length <= SIPLimits.messageBytes else { throw .messageTooLarge }
        return headEnd + length
    }

    /// The position behind the blank line that ends the head.
    private mutating func findHeadEnd() -> Int? {
        var index = max(scanned, start + 3)
        while index < buffer.count {
            if buffer[index] == UInt8.lineFeed, buffer[index - 1] == UInt8.carriageReturn,
                buffer[index - 2] == UInt8.lineFeed, buffer[index - 3] == UInt8.carriageReturn
            {
                return index + 1
            }
            index += 1
        }
        scanned = index
        return nil
    }

    private mutating func consume(_ count: Int) {
        start += count
        scanned = start
    }

    private mutating func compact() {
        buffer.removeFirst(start)
        messageEnd = messageEnd.map { $0 - start }
        scanned = max(0, scanned - start)
        start = 0
    }
}
