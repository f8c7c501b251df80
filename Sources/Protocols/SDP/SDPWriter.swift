import Wire

extension SessionDescription {
    /// The description as bytes, in the order RFC 8866 section 5 demands, with CRLF.
    package func serialized() -> [UInt8] {
        var writer = SDPWriter()
        writer.line("v", "0")
        writer.line("o", origin)
        writer.line("s", name)
        writer.linesBeforeConnection(otherLines)
        if let connection { writer.connection(connection) }
        writer.linesAfterConnection(otherLines)
        writer.attributes(attributes)
        for media in media { writer.media(media) }
        return writer.bytes
    }
}

/// Appends lines; what a line may hold was checked when it was parsed or made.
private struct SDPWriter: ~Copyable {
    private var text = OctetWriter(capacity: SDPWriter.usualLength)

    var bytes: [UInt8] { text.bytes }

    /// Whether a line stands before the connection: title, URI, e-mail and telephone.
    private static func isBeforeConnection(_ line: SDPLine) -> Bool {
        switch line.type {
        case UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "e"), UInt8(ascii: "p"): true
        default: false
        }
    }

    /// Most descriptions of one stream.
    private static let usualLength = 512

    mutating func line(_ type: Unicode.Scalar, _ value: String) {
        begin(type)
        text.append(value)
        end()
    }

    mutating func connection(_ connection: SDPConnection) {
        begin("c")
        connection.append(to: &text)
        end()
    }

    mutating func linesBeforeConnection(_ lines: [SDPLine]) {
        for line in lines where Self.isBeforeConnection(line) { other(line) }
    }

    mutating func linesAfterConnection(_ lines: [SDPLine]) {
        for line in lines where !Self.isBeforeConnection(line) { other(line) }
    }

    mutating func attributes(_ attributes: [SDPAttribute]) {
        // A span lends its elements, where an array hands out copies.
        let attributes = attributes.span
        for index in attributes.indices {
            begin("a")
            text.append(attributes[index].name)
            if !attributes[index].value.isEmpty {
                text.append(UInt8(ascii: ":"))
                text.append(attributes[index].value)
            }
            end()
        }
    }

    mutating func media(_ media: MediaDescription) {
        begin("m")
        text.append(media.kind)
        text.append(ASCII.space)
        text.append(decimal: Int64(media.port))
        word(media.profile)
        for format in media.formats { word(format) }
        end()
        linesBeforeConnection(media.otherLines)
        if let connection = media.connection { self.connection(connection) }
        linesAfterConnection(media.otherLines)
        attributes(media.attributes)
    }

    private mutating func other(_ line: SDPLine) { self.line(Unicode.Scalar(line.type), line.value) }

    private mutating func begin(_ type: Unicode.Scalar) {
        text.append(UInt8(ascii: type))
        text.append(UInt8(ascii: "="))
    }

    /// A value of a line that has several.
    private mutating func word(_ word: String) {
        text.append(ASCII.space)
        text.append(word)
    }

    private mutating func end() {
        text.append(ASCII.carriageReturn)
        text.append(ASCII.lineFeed)
    }
}
