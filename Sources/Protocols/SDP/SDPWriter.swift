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

    mutating func line(_ type: Unicode.Scalar, _ value: String) {
        bytes.append(UInt8(ascii: type))
        bytes.append(UInt8(ascii: "="))
        bytes.append(value)
        bytes.append(contentsOf: [13, 10])
    }

    mutating func linesBeforeConnection(_ lines: [SDPLine]) {
        for line in lines where Self.beforeConnection.contains(line.type) { other(line) }
    }

    mutating func linesAfterConnection(_ lines: [SDPLine]) {
        for line in lines where !Self.beforeConnection.contains(line.type) { other(line) }
    }

    mutating func attributes(_ attributes: [SDPAttribute]) {
        for attribute in attributes {
            line("a", attribute.value.isEmpty ? attribute.name : "\(attribute.name):\(attribute.value)")
        }
    }

    mutating func media(_ media: MediaDescription) {
        line("m", "\(media.kind) \(media.port) \(media.profile) \(media.formats.joined(separator: " "))")
        linesBeforeConnection(media.otherLines)
        if let connection = media.connection { line("c", connection.text) }
        linesAfterConnection(media.otherLines)
        attributes(media.attributes)
    }

    private mutating func other(_ line: SDPLine) { self.line(Unicode.Scalar(line.type), line.value) }
}
