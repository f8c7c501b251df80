/// Finds the lines of a message's head and makes each folded header one line.
///
/// It looks at every byte once, or of what is strange once more, and records positions only: the array that the values will share is complete before
/// the first slice of it is taken.
struct HeadScanner {
    struct Line {
        var start: Int
        var end: Int
    }

    /// The message, with the line breaks inside folded headers made spaces.
    private(set) var bytes: [UInt8]
    private(set) var startLine = Line(start: 0, end: 0)
    private(set) var headerLines: [Line] = []
    /// Where the body begins.
    private(set) var bodyStart = 0
    private(set) var fault: SIPParseError.Fault?

    private var position = 0
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = min(bytes.count, SIPLimits.messageBytes)
        if bytes.count > end { fault = .messageTooLarge }
        headerLines.reserveCapacity(24)
        scan()
    }

    private mutating func scan() {
        skipLeadingLineBreaks()
        guard position < end else {
            fault = fault ?? .empty
            return
        }
        startLine = line(isHeader: false)
        while position < end {
            if isLineBreak(at: position) {
                bodyStart = position + 2
                if bodyStart > SIPLimits.headBytes { note(.headTooLarge) }
                return
            }
            guard headerLines.count < SIPLimits.headerFields else {
                note(.tooManyHeaders)
                bodyStart = end
                return
            }
            headerLines.append(line(isHeader: true))
        }
        bodyStart = end
        note(.unfinishedHead)
    }

    private mutating func skipLeadingLineBreaks() {
        var count = 0
        while isLineBreak(at: position) {
            position += 2
            count += 1
        }
        if count > SIPLimits.leadingLineBreaks { note(.malformedStartLine) }
    }

    /// Takes the line at `position`, with the lines folded into it, and moves behind its line break.
    private mutating func line(isHeader: Bool) -> Line {
        if let line = plainLine() {
            position = line.end + 2
            checkLength(line, isHeader: isHeader)
            return line
        }
        var line = Line(start: position, end: position)
        let malformed: SIPParseError.Fault = isHeader ? .malformedHeader(.other) : .malformedStartLine
        while position < end {
            position = bytes.span.extracting(first: end).nextBreak(from: position)
            guard position < end else { break }
            if bytes[position] == 0 {
                // Valid only as an escaped character of a quoted string (RFC 4475 3.1.1.2).
                if position == line.start || bytes[position - 1] != UInt8(ascii: "\\") { note(malformed) }
                position += 1
            } else if !isLineBreak(at: position) {
                // Taken for a line break, so that the headers around it can still be read for the answer.
                note(malformed)
                line.end = position
                position += 1
                return line
            } else if isHeader, position + 2 < end, bytes[position + 2].isWhitespace {
                bytes[position] = UInt8.space
                bytes[position + 1] = UInt8.space
                position += 2
            } else {
                line.end = position
                position += 2
                checkLength(line, isHeader: isHeader)
                return line
            }
        }
        line.end = position
        note(.unfinishedHead)
        checkLength(line, isHeader: isHeader)
        return line
    }

    /// The line at `position`, if nothing is folded into it and nothing is strange about it, as with nearly every one.
    private func plainLine() -> Line? {
        let text = bytes.span
        let found = text.nextBreak(from: position)
        guard found < end - 2, text[found] == UInt8.carriageReturn, text[found + 1] == UInt8.lineFeed,
            !text[found + 2].isWhitespace
        else { return nil }
        return Line(start: position, end: found)
    }

    private mutating func checkLength(_ line: Line, isHeader: Bool) {
        guard line.end - line.start > SIPLimits.lineBytes else { return }
        note(isHeader ? .lineTooLong : .requestURITooLong)
    }

    private func isLineBreak(at index: Int) -> Bool {
        index + 1 < end && bytes[index] == UInt8.carriageReturn && bytes[index + 1] == UInt8.lineFeed
    }

    private mutating func note(_ found: SIPParseError.Fault) { fault = fault ?? found }
}
