/// The header names the server knows, with their compact forms (RFC 3261 7.3.3); `other` is every other name.
package enum SIPHeaderName: UInt8, CaseIterable, Sendable {
    case via, from, to, callID, cseq, contact, maxForwards, route, recordRoute, contentLength, contentType
    case accept, acceptContact, acceptEncoding, acceptLanguage, alertInfo, allow, allowEvents, authenticationInfo
    case authorization, callInfo, contentDisposition, contentEncoding, contentLanguage, date, diversion
    case errorInfo, event, expires, historyInfo, identity, inReplyTo, infoPackage, minExpires, minSE, mimeVersion
    case organization, pAssertedIdentity, pAssociatedURI, pPreferredIdentity, path, priority, privacy
    case proxyAuthenticate, proxyAuthorization, proxyRequire, rAck, rSeq, reason, recvInfo, referSub, referTo
    case referredBy, rejectContact, remotePartyID, replaces, replyTo, requestDisposition, require, retryAfter
    case server, serviceRoute, sessionExpires, subject, subscriptionState, supported, timestamp, unsupported
    case userAgent, warning, wwwAuthenticate
    case other

    /// Reads a name in any case, full or compact.
    init(_ bytes: Span<UInt8>) {
        guard let first = bytes.first else {
            self = .other
            return
        }
        if bytes.count == 1 {
            self = SIPHeaderName.compact(first.lowercased)
        } else {
            self = SIPHeaderName.full(bytes)
        }
    }

    package init(_ name: String) { self.init(name.utf8.span) }

    /// The full name as the RFCs write it; empty for `other`.
    package var text: String { Self.names[Int(rawValue)] }

    /// Whether a message may carry the header only once and with one value; a second one makes the meaning unclear.
    var isSingle: Bool {
        switch self {
        case .from, .to, .callID, .cseq, .maxForwards, .contentLength, .contentType, .expires: true
        default: false
        }
    }

    private static func compact(_ letter: UInt8) -> SIPHeaderName {
        switch letter {
        case UInt8(ascii: "a"): .acceptContact
        case UInt8(ascii: "b"): .referredBy
        case UInt8(ascii: "c"): .contentType
        case UInt8(ascii: "d"): .requestDisposition
        case UInt8(ascii: "e"): .contentEncoding
        case UInt8(ascii: "f"): .from
        case UInt8(ascii: "i"): .callID
        case UInt8(ascii: "j"): .rejectContact
        case UInt8(ascii: "k"): .supported
        case UInt8(ascii: "l"): .contentLength
        case UInt8(ascii: "m"): .contact
        case UInt8(ascii: "o"): .event
        case UInt8(ascii: "r"): .referTo
        case UInt8(ascii: "s"): .subject
        case UInt8(ascii: "t"): .to
        case UInt8(ascii: "u"): .allowEvents
        case UInt8(ascii: "v"): .via
        case UInt8(ascii: "x"): .sessionExpires
        case UInt8(ascii: "y"): .identity
        default: .other
        }
    }

    /// In the order of the cases.
    private static let names = [
        "Via", "From", "To", "Call-ID", "CSeq", "Contact", "Max-Forwards", "Route", "Record-Route", "Content-Length",
        "Content-Type", "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow",
        "Allow-Events", "Authentication-Info", "Authorization", "Call-Info", "Content-Disposition", "Content-Encoding",
        "Content-Language", "Date", "Diversion", "Error-Info", "Event", "Expires", "History-Info", "Identity",
        "In-Reply-To", "Info-Package", "Min-Expires", "Min-SE", "MIME-Version", "Organization", "P-Asserted-Identity",
        "P-Associated-URI", "P-Preferred-Identity", "Path", "Priority", "Privacy", "Proxy-Authenticate",
        "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason", "Recv-Info", "Refer-Sub", "Refer-To",
        "Referred-By", "Reject-Contact", "Remote-Party-ID", "Replaces", "Reply-To", "Request-Disposition", "Require",
        "Retry-After", "Server", "Service-Route", "Session-Expires", "Subject", "Subscription-State", "Supported",
        "Timestamp", "Unsupported", "User-Agent", "Warning", "WWW-Authenticate", "",
    ]

    /// A name of more than one letter, by the last 16 letters first.
    private static func full(_ bytes: Span<UInt8>) -> SIPHeaderName {
        guard bytes.count < lengths.count, let word = PackedWord(bytes.extracting(last: 16), ignoringCase: true) else {
            return .other
        }
        let (words, range) = (words.span, lengths[bytes.count])
        for index in range where words[index].word == word {
            let name = words[index].name
            return bytes.count <= 16 || equalIgnoringCase(bytes, name.text) ? name : .other
        }
        return .other
    }

    /// All names, by their length.
    private static let words: [(word: PackedWord, name: SIPHeaderName)] =
        allCases.filter { $0 != .other }.sorted { $0.text.utf8.count < $1.text.utf8.count }.compactMap { name in
            PackedWord(name.text.utf8.span.extracting(last: 16), ignoringCase: true).map { ($0, name) }
        }

    /// Which of `words` have a length.
    private static let lengths: [Range<Int>] = {
        let counts = words.map { $0.name.text.utf8.count }
        return (0...(counts.last ?? 0)).map { length in
            let first = counts.firstIndex { $0 >= length } ?? counts.count
            return first..<(counts.firstIndex { $0 > length } ?? counts.count)
        }
    }()

    /// The name and the colon, as a line begins with it.
    var linePrefix: [UInt8] { Self.linePrefixes[Int(rawValue)] }

    private static let linePrefixes = names.map { Array("\($0): ".utf8) }
}
