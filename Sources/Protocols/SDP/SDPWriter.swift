import Wire

extension SessionDescription {
    /// The description as bytes, in the order RFC 8866 section 5 demands, with CRLF.
    package func serialized() -> [UInt8] {
        var writer = SDPWriter()
        writer.line("v", "0")
        writer.line("o", origin)
        writer.line("s", name)
        writer.linesBeforeConnection(otherLines)
        if let connection { writer.line("c", connection.text) }
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

    /// Lines that stand before the connection: title, URI, e-mail and telephone.
    private static let beforeConnection = Set("iuep".utf8)

    /// Most descriptions of one stream.
    private static let usualLength = 512

    mutating func line(_ type: Unicode.Scalar, _ value: String) {
        begin(type)
        text.append(value)
        end()
    }

    mutating func linesBeforeConnection(_ lines: [SDPLine]) {
        for line in lines where Self.beforeConnection.contains(line.type) { other(line) }
    }

    mutating func linesAfterConnection(_ lines: [SDPLine]) {
        for line in lines where !Self.beforeConnection.contains(line.type) { other(line) }
    }

    mutating func attributes(_ attributes: [SDPAttribute]) {
        for attribute in attributes {
            begin("a")
            text.append(attribute.name)
            if !attribute.value.isEmpty {
                text.append(UInt8(ascii: ":"))
                text.append(attribute.value)
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
        if let connection = media.connection { line("c", connection.text) }
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
