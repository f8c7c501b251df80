/// A URI with an optional display name and header parameters: From, To, Contact, Route … (RFC 3261 20.10).
package struct NameAddress: Hashable, Sendable {
    /// Without quotes and escapes.
    package var displayName: String?
    package var uri: SIPURI
    package var parameters: SIPParameters

    package init(displayName: String? = nil, uri: SIPURI, parameters: SIPParameters = SIPParameters()) {
        self.displayName = displayName
        self.uri = uri
        self.parameters = parameters
    }

    /// Reads one header value; nil when it is malformed.
    package init?(_ text: String) {
        guard let value = NameAddress.parse(text.utf8.span) else { return nil }
        self = value
    }

    package var tag: String? {
        get { parameters["tag"] }
        set { parameters["tag"] = newValue }
    }

    /// A Contact's `expires` in seconds; what is no number reads as nil (RFC 3261 20.19 leaves the default).
    package var expires: UInt32? {
        get { parameters["expires"].flatMap(DeltaSeconds.parse) }
        set { parameters["expires"] = newValue.map(String.init) }
    }
}
