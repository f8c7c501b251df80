import Wire

/// A request (RFC 3261 7.1).
package struct SIPRequest: Sendable {
    package var method: SIPMethod
    package var uri: SIPURI
    package var headers: SIPHeaders
    package var body: [UInt8]

    package init(_ method: SIPMethod, _ uri: SIPURI, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
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

extension SIPRequest {
    /// Whether it takes more bytes on the wire; most are so short that they need not be written for it.
    func isLonger(than limit: Int) -> Bool {
        let longest = headers.bytesOnWire + body.count + uri.description.utf8.count + 64
        return longest > limit && serialized().count > limit
    }
}

extension SIPHeaders {
    /// The headers of an answer to these, as they came.
    func answer(toTag: String?) -> SIPHeaders { answer(to: first(.to)?.tagged(toTag)) }

    /// As the other, with a To that is made already.
    func answer(to: Field?) -> SIPHeaders {
        // With room for what most answers add.
        var answer = SIPHeaders(capacity: 12)
        answer.copy(.via, from: self)
        // Of a malformed request only the first of each: an answer must not be ambiguous too.
        if let from = first(.from) { answer.append(from) }
        if let to { answer.append(to) }
        if let callID = first(.callID) { answer.append(callID) }
        if let cseq = first(.cseq) { answer.append(cseq) }
        return answer
    }
}

extension SIPRequest {
    /// The message as it goes on the wire; Content-Length is the body's.
    package func serialized() -> [UInt8] {
        var output = OctetWriter(capacity: headers.bytesOnWire + body.count + 128)
        for byte in method.rawValue.utf8 where Grammar.isToken(byte) { output.append(byte) }
        output.append(UInt8.space)
        uri.append(to: &output)
        output.append(" SIP/2.0\r\n" as StaticString)
        headers.append(to: &output, bodyLength: body.count)
        output.append(body.span)
        return output.bytes
    }
}

extension SIPResponse {
    /// The message as it goes on the wire; Content-Length is the body's.
    package func serialized() -> [UInt8] {
        var output = OctetWriter(capacity: headers.bytesOnWire + body.count + 128)
        output.append("SIP/2.0 " as StaticString)
        output.append(decimal: Int64(status))
        output.append(UInt8.space)
        for byte in reason.utf8 { output.append(max(byte, UInt8.space)) }
        output.appendLineBreak()
        headers.append(to: &output, bodyLength: body.count)
        output.append(body.span)
        return output.bytes
    }
}

extension SIPHeaders {
    /// What the fields take with their line breaks, and a Content-Length.
    var bytesOnWire: Int {
        var sum = 32
        let fields = self.fields.span
        for index in fields.indices { sum += fields[index].bytesOnWire }
        return sum
    }

    func append(to output: inout OctetWriter, bodyLength: Int) {
        let fields = self.fields.span
        for index in fields.indices where fields[index].name != .contentLength {
            // Part by part: whoever asks a field to write itself takes a copy of all of it.
            let source = fields[index].source.span
            let spelling = Int(fields[index].spellingStart)..<Int(fields[index].spellingEnd)
            if spelling.isEmpty {
                output.append(fields[index].name.linePrefix.span)
            } else {
                output.append(source.extracting(spelling))
                output.append(UInt8.colon)
                output.append(UInt8.space)
            }
            output.append(source.extracting(Int(fields[index].valueStart)..<Int(fields[index].valueEnd)))
            output.appendLineBreak()
        }
        output.append("Content-Length: " as StaticString)
        output.append(decimal: Int64(bodyLength))
        output.appendLineBreak()
        output.appendLineBreak()
    }
}

extension OctetWriter {
    fileprivate mutating func appendLineBreak() {
        append(UInt8.carriageReturn)
        append(UInt8.lineFeed)
    }
}
