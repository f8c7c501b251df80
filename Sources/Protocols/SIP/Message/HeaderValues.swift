/// A Content-Type value (RFC 3261 20.15); type and subtype are compared without case.
package struct MediaType: Sendable, CustomStringConvertible {
    /// In lower case.
    package let type: String
    /// In lower case.
    package let subtype: String
    package let parameters: SIPParameters

    package static let sdp = MediaType(type: "application", subtype: "sdp")

    package init(type: String, subtype: String, parameters: SIPParameters = SIPParameters()) {
        (self.type, self.subtype, self.parameters) = (type.lowercased(), subtype.lowercased(), parameters)
    }

    init?(_ bytes: Span<UInt8>) {
        var scanner = FieldScanner(bytes)
        guard let type = scanner.token(), scanner.skipSeparator("/"), let subtype = scanner.token(),
            let parameters = scanner.parameters(), scanner.isAtEnd
        else { return nil }
        self.init(type: text(type), subtype: text(subtype), parameters: parameters)
    }

    package func isSame(as other: MediaType) -> Bool { type == other.type && subtype == other.subtype }

    package var isSDP: Bool { isSame(as: .sdp) }

    package var description: String { "\(type)/\(subtype)" + parameters.headerText }
}

/// Why a request was sent: `SIP;cause=200;text="Call completed elsewhere"` (RFC 3326).
package struct SIPReason: Hashable, Sendable, CustomStringConvertible, FieldValue {
    /// `SIP` or `Q.850`.
    package let namespace: String
    package let cause: Int?
    package let text: String?

    package init(namespace: String = "SIP", cause: Int?, text: String?) {
        (self.namespace, self.cause, self.text) = (namespace, cause, text)
    }

    static func parse(_ scanner: inout FieldScanner) -> SIPReason? {
        scanner.skipWhitespace()
        guard let namespace = scanner.token(), let parameters = scanner.parameters() else { return nil }
        let cause = parameters["cause"].flatMap(Decimal.exactly).map(Int.init)
        return SIPReason(namespace: SIP.text(namespace), cause: cause, text: parameters["text"])
    }

    package var description: String {
        let causeText = cause.map { ";cause=\($0)" } ?? ""
        return namespace + causeText + (text.map { ";text=\(Quoting.quoted($0))" } ?? "")
    }
}

/// A Session-Expires value (RFC 4028 4).
package struct SessionExpires: Hashable, Sendable, CustomStringConvertible {
    package enum Refresher: String, Sendable {
        case uac
        case uas
    }

    /// Seconds.
    package var interval: UInt32
    package var refresher: Refresher?

    package init(interval: UInt32, refresher: Refresher? = nil) {
        (self.interval, self.refresher) = (interval, refresher)
    }

    init?(_ bytes: Span<UInt8>) {
        var scanner = FieldScanner(bytes)
        guard let digits = scanner.run(\.isDigit), let interval = DeltaSeconds.parse(digits),
            let parameters = scanner.parameters(), scanner.isAtEnd
        else { return nil }
        self.interval = interval
        refresher = parameters["refresher"].flatMap { Refresher(rawValue: $0.lowercased()) }
    }

    package var description: String { "\(interval)" + (refresher.map { ";refresher=\($0.rawValue)" } ?? "") }
}
