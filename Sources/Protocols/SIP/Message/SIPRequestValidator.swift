/// The inspections of a user agent server before it looks at what a request asks for (RFC 3261 8.2, 16.3).
///
/// It judges a request whose syntax is right by what this server can do; what needs state (whether a request is merged
/// or looped, whether it goes on to somebody else) is told by the caller.
package struct SIPRequestValidator: Sendable {
    package var allowedMethods: [SIPMethod]
    /// Option tags that a Require may name.
    package var extensions: [String]
    /// The bodies understood, per method; a method that is absent may carry any body, which is then ignored.
    package var bodies: [SIPMethod: [MediaType]]
    /// The bodies that answers to an INVITE carry.
    package var answers: MediaType = .sdp

    package init(allowedMethods: [SIPMethod], extensions: [String], bodies: [SIPMethod: [MediaType]]) {
        (self.allowedMethods, self.extensions, self.bodies) = (allowedMethods, extensions, bodies)
    }

    /// What the caller knows about a request from its own state.
    package struct Circumstances: Sendable {
        /// The same request came before with another branch (RFC 3261 8.2.2.2).
        package var isMerged = false
        /// A Via of this server stands in it, with this very destination (RFC 3261 16.3).
        package var isLooped = false
        /// It would be sent on, so that Max-Forwards counts.
        package var isForwarded = false

        package init(isMerged: Bool = false, isLooped: Bool = false, isForwarded: Bool = false) {
            (self.isMerged, self.isLooped, self.isForwarded) = (isMerged, isLooped, isForwarded)
        }
    }

    /// The answer to a request that cannot be served; nil when it can.
    ///
    /// An ACK is never answered: drop it instead.
    package func rejection(
        of request: SIPRequest, _ circumstances: Circumstances = Circumstances()
    ) -> SIPRejection? {
        methodRejection(request) ?? addressRejection(request) ?? routingRejection(request, circumstances)
            ?? extensionRejection(request) ?? contentRejection(request) ?? acceptRejection(request)
    }

    private func methodRejection(_ request: SIPRequest) -> SIPRejection? {
        if allowedMethods.contains(request.method) { return nil }
        let isKnown = if case .other = request.method { false } else { true }
        return SIPRejection(isKnown ? 405 : 501, (.allow, allowedMethods.map(\.rawValue).joined(separator: ", ")))
    }

    private func addressRejection(_ request: SIPRequest) -> SIPRejection? {
        if case .other = request.uri.scheme { return SIPRejection(416) }
        // An address of record is a SIP or SIPS URI (RFC 3261 10.2).
        if request.method == .register, request.headers.to?.uri.isSIP != true {
            return SIPRejection(400, reason: "Bad Request: To is no SIP URI")
        }
        return nil
    }

    private func routingRejection(_ request: SIPRequest, _ circumstances: Circumstances) -> SIPRejection? {
        let isInDialog = request.headers.toTag != nil
        if circumstances.isLooped || (circumstances.isMerged && !isInDialog) { return SIPRejection(482) }
        if circumstances.isForwarded, request.headers.maxForwards == 0 { return SIPRejection(483) }
        return nil
    }

    private func extensionRejection(_ request: SIPRequest) -> SIPRejection? {
        // Both belong to a request that named its needs before (RFC 3261 8.2.2.3).
        if request.method == .ack || request.method == .cancel { return nil }
        let unknown = request.headers.require.filter { tag in
            !extensions.contains { equalIgnoringCase($0, tag) }
        }
        return unknown.isEmpty ? nil : SIPRejection(420, (.unsupported, unknown.joined(separator: ", ")))
    }

    private func contentRejection(_ request: SIPRequest) -> SIPRejection? {
        guard let understood = bodies[request.method], !request.body.isEmpty, !isBodyOptional(request) else {
            return nil
        }
        let isPlain = !request.headers.contains(.contentEncoding)
        if isPlain, request.headers.saysSDP, understood.contains(where: \.isSDP) { return nil }
        let encodings = request.headers.list(.contentEncoding)
        if encodings.contains(where: { !equalIgnoringCase($0, "identity") }) {
            return SIPRejection(415, (.acceptEncoding, "identity"))
        }
        // Without a Content-Type a body can be taken for nothing (RFC 3261 20.15).
        if let type = request.headers.contentType, understood.contains(where: type.isSame) { return nil }
        return SIPRejection(415, (.accept, understood.map(\.description).joined(separator: ", ")))
    }

    private func isBodyOptional(_ request: SIPRequest) -> Bool {
        guard let disposition = request.headers[.contentDisposition] else { return false }
        var scanner = FieldScanner(disposition.utf8.span)
        guard scanner.token() != nil, let handling = scanner.parameters()?["handling"] else { return false }
        return equalIgnoringCase(handling, "optional")
    }

    /// An INVITE whose sender accepts no answer that this server can make (RFC 4475 3.3.15).
    private func acceptRejection(_ request: SIPRequest) -> SIPRejection? {
        guard request.method == .invite, request.headers.contains(.accept) else { return nil }
        let accepted = request.headers.list(.accept).compactMap { MediaType($0.utf8.span) }
        let isAccepted = accepted.contains { range in
            range.type == "*" || (range.type == answers.type && [answers.subtype, "*"].contains(range.subtype))
        }
        return isAccepted ? nil : SIPRejection(406)
    }
}

/// A refusal: a status, and the header that says what would have been taken.
package struct SIPRejection: Sendable {
    package let status: Int
    package let reason: String?
    /// Allow, Unsupported, Accept or Accept-Encoding.
    package let header: (name: SIPHeaderName, value: String)?

    init(_ status: Int, reason: String? = nil, _ header: (name: SIPHeaderName, value: String)? = nil) {
        (self.status, self.reason, self.header) = (status, reason, header)
    }

    package func response(to request: SIPRequest, toTag: String) -> SIPResponse {
        var response = SIPResponse(to: request, status: status, reason: reason, toTag: toTag)
        if let header { response.headers[header.name] = header.value }
        return response
    }
}

extension SIPResponse {
    /// Whether it went astray: a user agent's response has one Via, its own (RFC 3261 8.1.3.3).
    package var isMisrouted: Bool { !headers.hasOneVia }
}
