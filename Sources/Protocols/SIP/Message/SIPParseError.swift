/// Why bytes are no SIP message, and what is needed to answer them when they were meant as a request.
package struct SIPParseError: Error, Sendable {
    /// The first fault found.
    package enum Fault: Error, Hashable, Sendable {
        /// Nothing but line breaks: a keep-alive (RFC 5626 3.5.1), not a fault of the peer.
        case empty
        case malformedStartLine
        case unsupportedVersion
        case malformedRequestURI
        /// No blank line ends the headers.
        case unfinishedHead
        case malformedHeader(SIPHeaderName)
        case missingHeader(SIPHeaderName)
        case repeatedHeader(SIPHeaderName)
        case methodMismatch
        /// Content-Length names more bytes than there are.
        case bodyTooShort
        case lineTooLong
        case requestURITooLong
        case tooManyHeaders
        case headTooLarge
        case bodyTooLarge
        case messageTooLarge
    }

    package let fault: Fault
    /// Via, From, To, Call-ID and CSeq of a request, as far as they could be found; nil when there must be no answer.
    let answer: SIPHeaders?

    /// The status a request with this fault is answered with.
    package var status: Int { fault.status }

    /// The answer to send to where the request came from; nil for a response, an ACK, or when no Via was found.
    package func response(toTag: String) -> SIPResponse? {
        answer.map { SIPResponse(status, reason: fault.phrase, headers: $0.answer(toTag: toTag)) }
    }
}

extension SIPParseError.Fault {
    package var status: Int {
        switch self {
        case .unsupportedVersion: 505
        case .requestURITooLong: 414
        case .bodyTooLarge: 413
        case .messageTooLarge, .headTooLarge: 513
        default: 400
        }
    }

    /// The reason phrase, which for 400 says what is wrong (RFC 3261 21.4.1).
    var phrase: String {
        switch self {
        case .malformedStartLine: "Bad Request: start line"
        case .malformedRequestURI: "Bad Request: Request-URI"
        case .unfinishedHead: "Bad Request: headers end too early"
        case .malformedHeader(let name): "Bad Request: \(name == .other ? "header" : name.text)"
        case .missingHeader(let name): "Bad Request: no \(name.text)"
        case .repeatedHeader(let name): "Bad Request: more than one \(name.text)"
        case .methodMismatch: "Bad Request: CSeq method"
        case .bodyTooShort: "Bad Request: Content-Length"
        case .lineTooLong: "Bad Request: line too long"
        case .tooManyHeaders: "Bad Request: too many headers"
        default: SIPStatus.phrase(status)
        }
    }
}
