package import Wire

/// A URI as SIP uses it: `sip:`, `sips:`, `tel:` (RFC 3966), or another scheme kept as it came.
///
/// Components are held plain and are escaped when written, so no component can break out of its place.
/// `==` compares the parts as written; `isEquivalent(to:)` follows RFC 3261 19.1.4.
package struct SIPURI: Hashable, Sendable {
    package enum Scheme: Hashable, Sendable {
        case sip
        case sips
        case tel
        /// In lower case.
        case other(String)
    }

    /// A `name=value` after the `?`.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) { (self.name, self.value) = (name, value) }
    }

    /// Messages, dialogs and sessions hand their URIs on and hardly ever change one: all copies are one reference.
    private var parts: Boxed<Parts>

    private struct Parts: Hashable {
        var scheme: Scheme
        var escapedUser: String?
        var host: String
        var port: UInt16?
        var parameters = SIPParameters()
        @Sparse var rarities: Rarities? = nil
    }

    /// What hardly any URI has, so that the many which are kept for as long as a dialog lasts are small.
    private struct Rarities: Hashable {
        var escapedPassword: String?
        var headers: [Header] = []
        var opaquePart = ""
    }

    /// A sip URI; nil when the host is no host.
    package init?(
        scheme: Scheme = .sip, user: String? = nil, host: String, port: UInt16? = nil,
        parameters: SIPParameters = SIPParameters()
    ) {
        guard let host = SIPURI.checkedHost(host) else { return nil }
        let escapedUser = user.map(SIPURI.escaping)
        parts = Boxed(
            Parts(scheme: scheme, escapedUser: escapedUser, host: host, port: port, parameters: parameters))
    }

    /// The URI of a socket address, which is always a host.
    package init(scheme: Scheme = .sip, user: String? = nil, address: SocketAddress) {
        let escapedUser = user.map(SIPURI.escaping)
        parts = Boxed(Parts(scheme: scheme, escapedUser: escapedUser, host: address.hostText, port: address.port))
    }

    /// Reads a whole URI; nil when it is none.
    package init?(_ text: String) {
        guard let uri = SIPURI.parse(text.utf8.span) else { return nil }
        self = uri
    }

    init(unchecked scheme: Scheme, host: String = "", opaquePart: String = "") {
        let rarities = opaquePart.isEmpty ? nil : Rarities(opaquePart: opaquePart)
        parts = Boxed(Parts(scheme: scheme, host: host, rarities: rarities))
    }

    /// Of parts that were read and are what they should be.
    init(
        read scheme: Scheme, escapedUser: String?, escapedPassword: String?, host: String, port: UInt16?,
        parameters: SIPParameters, headers: [Header]
    ) {
        let isPlain = escapedPassword == nil && headers.isEmpty
        parts = Boxed(
            Parts(
                scheme: scheme, escapedUser: escapedUser, host: host, port: port, parameters: parameters,
                rarities: isPlain ? nil : Rarities(escapedPassword: escapedPassword, headers: headers)))
    }

    package var scheme: Scheme {
        get { parts.value.scheme }
        set { parts.value.scheme = newValue }
    }

    /// The user part, or the number of a `tel:` URI.
    ///
    /// Held with the escapes it needs: see `user`.
    var escapedUser: String? {
        get { parts.value.escapedUser }
        set { parts.value.escapedUser = newValue }
    }

    /// A name, an IPv4 address or an IPv6 address in brackets; empty in `tel:` and other schemes.
    package var host: String { parts.value.host }

    package var port: UInt16? {
        get { parts.value.port }
        set { parts.value.port = newValue }
    }

    package var parameters: SIPParameters {
        get { parts.value.parameters }
        _modify { yield &parts.value.parameters }
    }

    /// The user part, or a `tel:` URI's number, without escapes.
    package var user: String? {
        get { escapedUser.map(Escapes.decode) }
        set { escapedUser = newValue.map(SIPURI.escaping) }
    }

    private static func escaping(user: String) -> String { Escapes.encode(user, allowed: Grammar.isUser) }

    package var password: String? {
        get { escapedPassword.map(Escapes.decode) }
        set { escapedPassword = newValue.map { Escapes.encode($0, allowed: Grammar.isPassword) } }
    }

    var escapedPassword: String? {
        get { parts.value.rarities?.escapedPassword }
        set { changeRarities { $0.escapedPassword = newValue } }
    }

    package var headers: [Header] {
        get { parts.value.rarities?.headers ?? [] }
        set { changeRarities { $0.headers = newValue } }
    }

    /// What follows the colon of a scheme that is not sip, sips or tel.
    package var opaquePart: String { parts.value.rarities?.opaquePart ?? "" }

    private mutating func changeRarities(_ change: (inout Rarities) -> Void) {
        var changed = parts.value.rarities ?? Rarities()
        change(&changed)
        // Nothing is always written the same, so that equal URIs are equal.
        parts.value.rarities = changed == Rarities() ? nil : changed
    }

    package var isSIP: Bool { scheme == .sip || scheme == .sips }

    /// The `transport` parameter.
    package var transport: SIPTransport? { parameters["transport"].map(SIPTransport.init) }

    /// Whether the hop behind it routes loosely (RFC 3261 16.12.1.1).
    package var isLooseRoute: Bool { parameters.contains("lr") }

    /// The host as a numeric address, brackets or not; nil for a name.
    package var address: IPAddress? { IPAddress(host) }
}

extension SIPURI.Scheme: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sip: "sip"
        case .sips: "sips"
        case .tel: "tel"
        case .other(let name): name
        }
    }

    init(_ name: Span<UInt8>) {
        if equalIgnoringCase(name, "sip") {
            self = .sip
        } else if equalIgnoringCase(name, "sips") {
            self = .sips
        } else if equalIgnoringCase(name, "tel") {
            self = .tel
        } else {
            self = .other(text(name).lowercased())
        }
    }
}
