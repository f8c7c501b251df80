import Wire

/// A request (RFC 3261 7.1).
package struct SIPRequest: Sendable {
    package var method: SIPMethod
    package var uri: SIPURI
    package var headers: SIPHeaders
    package var body: [UInt8]

    package init(_ method: SIPMethod, _ uri: SIPURI, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
        (self.method, self.uri, self.headers, self.body) = (method, uri, headers, body)
    }
}

/// A response (RFC 3261 7.2).
package struct SIPResponse: Sendable {
    /// 100 … 699.
    package var status: Int
    package var reason: String
    package var headers: SIPHeaders
    package var body: [UInt8]

    /// Without a reason the usual phrase of the status is taken.
    package init(_ status: Int, reason: String? = nil, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
        (self.status, self.reason) = (status, reason ?? SIPStatus.phrase(status))
        (self.headers, self.body) = (headers, body)
    }

    /// An answer with the headers that every one repeats (RFC 3261 8.2.6.2): Via, From, To, Call-ID, CSeq.
    ///
    /// The tag is added to a To without one. Record-Route and Contact, which only a dialog needs, are left to it.
    package init(
        to request: SIPRequest, status: Int, reason: String? = nil, toTag: String? = nil, body: [UInt8] = []
    ) {
        self.init(status, reason: reason, headers: request.headers.answer(toTag: toTag), body: body)
    }

    package var isProvisional: Bool { status < 200 }
    package var isFinal: Bool { status >= 200 }
    package var isSuccess: Bool { status / 100 == 2 }
}

/// A request or a response.
package enum SIPMessage: Sendable {
    case request(SIPRequest)
    case response(SIPResponse)

    package var headers: SIPHeaders {
        switch self {
        case .request(let request): request.headers
        case .response(let response): response.headers
        }
    }

    package var body: [UInt8] {
        switch self {
        case .request(let request): request.body
        case .response(let response): response.body
        }
    }

    package func serialized() -> [UInt8] {
        switch self {
        case .request(let request): request.serialized()
        case .response(let response): response.serialized()
        }
    }
}

extension SIPHeaders {
    /// The headers of an answer to these, as they came.
    func answer(toTag: String?) -> SIPHeaders {
        var answer = SIPHeaders()
        answer.copy(.via, from: self)
        // Of a malformed request only the first of each: an answer must not be ambiguous too.
        for name in [SIPHeaderName.from, .to, .callID, .cseq] { first(name).map { answer.append($0) } }
        if let toTag, var recipient = answer.to, recipient.tag == nil {
            recipient.tag = toTag
            answer.to = recipient
        }
        return answer
    }
}

extension SIPRequest {
    /// The message as it goes on the wire; Content-Length is the body's.
    package func serialized() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(headers.estimatedBytes + body.count + 128)
        output.append(contentsOf: method.rawValue.utf8.lazy.filter(Grammar.isToken))
        output.append(UInt8.space)
        uri.append(to: &output)
        output.append(" SIP/2.0\r\n")
        headers.append(to: &output, bodyLength: body.count)
        output.append(contentsOf: body)
        return output
    }
}

extension SIPResponse {
    /// The message as it goes on the wire; Content-Length is the body's.
    package func serialized() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(headers.estimatedBytes + body.count + 128)
        output.append("SIP/2.0 ")
        output.append(decimal: Int64(status))
        output.append(UInt8.space)
        output.append(contentsOf: reason.utf8.lazy.map { $0 < UInt8.space ? UInt8.space : $0 })
        output.append("\r\n")
        headers.append(to: &output, bodyLength: body.count)
        output.append(contentsOf: body)
        return output
    }
}

extension SIPHeaders {
    var estimatedBytes: Int { fields.reduce(0) { $0 + $1.bytes.count + 24 } }

    func append(to output: inout [UInt8], bodyLength: Int) {
        for field in fields where field.name != .contentLength {
            if let spelling = field.spelling {
                output.append(contentsOf: spelling)
                output.append(": ")
            } else {
                output.append(contentsOf: field.name.linePrefix)
            }
            output.append(contentsOf: field.bytes)
            output.append("\r\n")
        }
        output.append("Content-Length: ")
        output.append(decimal: Int64(bodyLength))
        output.append("\r\n\r\n")
    }
}
