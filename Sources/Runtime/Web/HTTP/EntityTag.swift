import Crypto

/// Names one state of a resource (RFC 9110 §8.8.3), so that a client which has it need not be sent it again.
package struct EntityTag: Sendable, Equatable {
    /// As it stands in `ETag`, quotes included.
    package let text: String

    /// `isWeak`: the same content may be sent in other bytes, for instance compressed.
    package init(of body: [UInt8], isWeak: Bool) {
        text = (isWeak ? "W/" : "") + "\"" + Base64.encodeURL(Array(Hash.sha256(body).prefix(12))) + "\""
    }

    /// Whether a client says that it has this state: by weak comparison, as `If-None-Match` wants (RFC 9110 §13.1.2).
    package func isKnown(by request: HTTPRequest) -> Bool {
        let opaque = Self.opaque(text)
        return request.fields.list("If-None-Match").contains { $0 == "*" || Self.opaque($0) == opaque }
    }

    private static func opaque(_ tag: String) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : Substring(tag) }
}

extension HTTPResponse {
    /// The same response with its entity tag, or 304 when the client has it.
    ///
    /// Only what was found has a tag. Caches that others share must not keep it: each may see something else.
    package func tagged(for request: HTTPRequest) -> HTTPResponse {
        guard status == .ok else { return self }
        let tag = EntityTag(of: body, isWeak: true)
        let response = tag.isKnown(by: request) ? HTTPResponse(.notModified) : self
        return response.with("ETag", tag.text).with("Cache-Control", "private, no-cache")
    }
}
