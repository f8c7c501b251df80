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
private struct SDPWriter {
    private(set) var bytes: [UInt8] = []

    /// Lines that stand before the connection: title, URI, e-mail and telephone.
    private static let beforeConnection = Set("iuep".utf8)

    /// Most descriptions of one stream.
    private static let usualLength = 512

    init() { bytes.reserveCapacity(Self.usualLength) }

    mutating func line(_ type: Unicode.Scalar, _ value: String) {
        begin(type)
        bytes.append(value)
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
            bytes.append(attribute.name)
            if !attribute.value.isEmpty {
                bytes.append(UInt8(ascii: ":"))
                bytes.append(attribute.value)
            }
            end()
        }
    }

    mutating func media(_ media: MediaDescription) {
        begin("m")
        bytes.append(media.kind)
        bytes.append(ASCII.space)
        bytes.append(decimal: Int64(media.port))
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
        bytes.append(UInt8(ascii: type))
        bytes.append(UInt8(ascii: "="))
    }

    /// A value of a line that has several.
    private mutating func word(_ word: String) {
        bytes.append(ASCII.space)
        bytes.append(word)
    }

    private mutating func end() {
        bytes.append(ASCII.carriageReturn)
        bytes.append(ASCII.lineFeed)
    }
}
