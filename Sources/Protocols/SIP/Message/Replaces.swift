/// Names a dialog that an INVITE takes the place of (RFC 3891 section 6.1).
///
/// The tags are as the receiver of the header knows them: `toTag` is its own, `fromTag` the other party's.
package struct Replaces: Hashable, Sendable, CustomStringConvertible {
    package var callID: String
    package var toTag: String
    /// `0` for a party that has no tag (RFC 2543).
    package var fromTag: String
    /// Only while the dialog is early, so that a call just answered elsewhere is not torn out of hands.
    package var isEarlyOnly: Bool

    package init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
        (self.callID, self.toTag, self.fromTag, self.isEarlyOnly) = (callID, toTag, fromTag, isEarlyOnly)
    }

    /// Reads a header value, or the unescaped value in a Refer-To; nil when it is malformed.
    package init?(_ text: String) { self.init(text.utf8.span) }

    init?(_ bytes: Span<UInt8>) {
        var scanner = FieldScanner(trimmed(bytes))
        let callID = scanner.run { $0.isPrintable && $0 != UInt8.space && $0 != UInt8(ascii: ";") }
        // A Call-ID has no comma in it that would not be the beginning of a second value.
        guard let callID, !callID.contains(UInt8(ascii: ",")), let parameters = scanner.parameters(), scanner.isAtEnd,
            let toTag = parameters["to-tag"], let fromTag = parameters["from-tag"], !toTag.isEmpty, !fromTag.isEmpty
        else { return nil }
        self.init(
            callID: SIP.text(callID), toTag: toTag, fromTag: fromTag,
            isEarlyOnly: parameters.contains("early-only"))
    }

    package var description: String {
        let plain = callID.utf8.filter { $0.isPrintable && $0 != UInt8.space && $0 != UInt8(ascii: ";") }
        var parameters: SIPParameters = ["to-tag": toTag, "from-tag": fromTag]
        if isEarlyOnly { parameters.set("early-only") }
        return String(decoding: plain, as: UTF8.self) + parameters.headerText
    }
}

/// Which reliable provisional response a PRACK acknowledges (RFC 3262 section 7.2).
package struct ReliableAcknowledgement: Hashable, Sendable, CustomStringConvertible {
    /// The RSeq of the response.
    package var sequence: UInt32
    /// The CSeq of the response.
    package var request: CSeq

    package init(sequence: UInt32, request: CSeq) { (self.sequence, self.request) = (sequence, request) }

    init?(_ bytes: Span<UInt8>) {
        var scanner = FieldScanner(bytes)
        guard let digits = scanner.run(\.isDigit), let sequence = Decimal.exactly(digits), scanner.skipWhitespace(),
            let request = CSeq.parse(scanner.rest)
        else { return nil }
        self.init(sequence: sequence, request: request)
    }

    package var description: String { "\(sequence) \(request)" }
}
