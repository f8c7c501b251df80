import Wire

/// A session description (RFC 8866), read leniently and written strictly.
///
/// It holds what offer/answer needs in named fields and every other line as it came, so that nothing is lost.
package struct SessionDescription: Hashable, Sendable {
    /// The text of `o=`.
    package var origin: String
    /// The text of `s=`.
    package var name: String
    package var connection: SDPConnection?
    package var attributes: [SDPAttribute]
    package var media: [MediaDescription]
    /// Session-level lines with no field here (`i=`, `b=`, `t=`, unknown letters), in their order.
    package var otherLines: [SDPLine]

    package init(
        origin: String, name: String = "-", connection: SDPConnection? = nil, attributes: [SDPAttribute] = [],
        media: [MediaDescription] = [], otherLines: [SDPLine] = [SDPLine(type: UInt8(ascii: "t"), value: "0 0")]
    ) {
        (self.origin, self.name, self.connection) = (origin, name, connection)
        (self.attributes, self.media, self.otherLines) = (attributes, media, otherLines)
    }

    /// The identification tags of the first BUNDLE group (RFC 9143); empty when there is none.
    package var bundle: [Substring] {
        for attribute in attributes where attribute.name == "group" {
            let parts = ASCII.split(attribute.value, at: ASCII.space)
            if parts.first == "BUNDLE" { return Array(parts.dropFirst()) }
        }
        return []
    }
}

/// An m-line and what belongs to it.
package struct MediaDescription: Hashable, Sendable {
    /// What the line carries: `audio`, `video`, `application` or another.
    package var kind: String
    /// 0 refuses the line, or (with `a=bundle-only`) says that it has no port of its own.
    package var port: UInt16
    /// The protocol, such as `RTP/AVP` or `UDP/TLS/RTP/SAVPF`.
    package var profile: String
    package var formats: [String]
    package var connection: SDPConnection?
    package var attributes: [SDPAttribute]
    /// Lines of this media with no field here, in their order.
    package var otherLines: [SDPLine]

    package init(
        kind: String, port: UInt16, profile: String, formats: [String], connection: SDPConnection? = nil,
        attributes: [SDPAttribute] = [], otherLines: [SDPLine] = []
    ) {
        (self.kind, self.port, self.profile, self.formats) = (kind, port, profile, formats)
        (self.connection, self.attributes, self.otherLines) = (connection, attributes, otherLines)
    }

    package var mid: String? { attributes.value("mid") }
    package var isBundleOnly: Bool { attributes.has("bundle-only") }
    package var isRefused: Bool { port == 0 && !isBundleOnly }
}

/// The address of a `c=` line, or of `a=rtcp`: kept as text because a host name is allowed.
package struct SDPConnection: Hashable, Sendable {
    package var host: String
    package var isIPv6: Bool

    package init(host: String, isIPv6: Bool) { (self.host, self.isIPv6) = (host, isIPv6) }
}

/// An `a=` line; the value of a flag is empty.
package struct SDPAttribute: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String = "") { (self.name, self.value) = (name, value) }
}

/// A line kept as it came.
package struct SDPLine: Hashable, Sendable {
    package var type: UInt8
    package var value: String

    package init(type: UInt8, value: String) { (self.type, self.value) = (type, value) }
}

extension [SDPAttribute] {
    package func value(_ name: String) -> String? { firstIndex { $0.name == name }.map { self[$0].value } }
    package func has(_ name: String) -> Bool { contains { $0.name == name } }
}
