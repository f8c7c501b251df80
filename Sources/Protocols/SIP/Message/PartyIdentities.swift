/// A Remote-Party-ID value: who a server says its caller is, in the form that older servers use
/// (draft-ietf-sip-privacy-04).
package struct RemotePartyID: Hashable, Sendable, CustomStringConvertible {
    package enum Party: String, Sendable {
        case calling
        case called
    }

    package var address: NameAddress
    package var party: Party
    /// Whether the server vouches for it.
    package var isScreened: Bool
    /// Whether it is not to be shown.
    package var isPrivate: Bool

    package init(address: NameAddress, party: Party = .calling, isScreened: Bool = true, isPrivate: Bool = false) {
        self.address = address
        self.party = party
        self.isScreened = isScreened
        self.isPrivate = isPrivate
    }

    init(_ value: NameAddress) {
        address = NameAddress(displayName: value.displayName, uri: value.uri)
        party = value.parameters["party"].flatMap { Party(rawValue: $0.lowercased()) } ?? .calling
        isScreened = equalIgnoringCase(value.parameters["screen"] ?? "", "yes")
        let hidden = ["full", "name", "uri"]
        isPrivate = hidden.contains { equalIgnoringCase(value.parameters["privacy"] ?? "", $0) }
    }

    package var description: String {
        var value = NameAddress(displayName: address.displayName, uri: address.uri)
        value.parameters.set("party", party.rawValue)
        value.parameters.set("screen", isScreened ? "yes" : "no")
        value.parameters.set("privacy", isPrivate ? "full" : "off")
        return value.description
    }
}

/// Who a call was diverted by: the latest entry of Diversion (RFC 5806) or History-Info (RFC 7044).
package struct DivertedFrom: Hashable, Sendable {
    package var address: NameAddress
    /// `unconditional`, `user-busy`, `no-answer` …, or the cause of a History-Info entry, as they came.
    package var reason: String?

    package init(address: NameAddress, reason: String? = nil) { (self.address, self.reason) = (address, reason) }
}

/// Who is calling whom, and what may be told of it (RFC 3323, 3325, 3892, 5806, 7044).
extension SIPHeaders {
    /// What the network asserts: to be believed from a trusted peer only.
    package var pAssertedIdentities: [NameAddress] {
        get { addresses(.pAssertedIdentity) }
        set { set(.pAssertedIdentity, newValue) }
    }

    /// Which of its identities a phone would like to be shown.
    package var pPreferredIdentity: NameAddress? {
        get { addresses(.pPreferredIdentity).first }
        set { set(.pPreferredIdentity, newValue.map { [$0] } ?? []) }
    }

    /// The first Remote-Party-ID.
    package var remotePartyID: RemotePartyID? {
        get { addresses(.remotePartyID).first.map(RemotePartyID.init) }
        set { self[.remotePartyID] = newValue?.description }
    }

    /// The privacy values (`id`, `header`, `session`, `user`, `none`, `critical`), in lower case.
    package var privacy: [String] {
        get {
            all(.privacy).prefix(SIPLimits.listValues).flatMap { value in
                value.lowercased().split { $0 == ";" || $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
            }
        }
        set {
            let tokens = newValue.filter { !$0.isEmpty && $0.utf8.allSatisfy(Grammar.isToken) }
            self[.privacy] = tokens.isEmpty ? nil : tokens.joined(separator: ";")
        }
    }

    /// Whether the caller is not to be shown to the callee.
    package var wantsPrivacy: Bool { privacy.contains { ["id", "header", "user"].contains($0) } }

    package var referredBy: NameAddress? {
        get { addresses(.referredBy).first }
        set { set(.referredBy, newValue.map { [$0] } ?? []) }
    }

    /// Who diverted the call last: the topmost Diversion, or else the History-Info entry before the last.
    package var divertedFrom: DivertedFrom? {
        if let latest = addresses(.diversion).first {
            let address = NameAddress(displayName: latest.displayName, uri: latest.uri)
            return DivertedFrom(address: address, reason: latest.parameters["reason"])
        }
        let history = addresses(.historyInfo)
        guard history.count > 1 else { return nil }
        var entry = history[history.count - 2]
        // Why that target was given up stands in its URI as an embedded Reason, or in the next one's `cause`.
        let embedded = entry.uri.headers.first { equalIgnoringCase($0.name, "Reason") }?.value
        let reason = embedded ?? history.last?.uri.parameters["cause"]
        entry.uri.headers = []
        return DivertedFrom(
            address: NameAddress(displayName: entry.displayName, uri: entry.uri), reason: reason)
    }

    /// Writes whom the call was diverted by as a Diversion, above those that are there.
    package mutating func addDiversion(_ diversion: DivertedFrom) {
        var value = diversion.address
        value.parameters = SIPParameters()
        value.parameters["reason"] = diversion.reason
        set(.diversion, [value] + addresses(.diversion))
    }
}

/// The numbers and names of extensions to INVITE sessions.
extension SIPHeaders {
    /// Of a provisional response that wants a PRACK (RFC 3262).
    package var rSeq: UInt32? {
        get { read(.rSeq) { Decimal.exactly($0) } }
        set { self[.rSeq] = newValue.map(String.init) }
    }

    package var rAck: ReliableAcknowledgement? {
        get { read(.rAck) { ReliableAcknowledgement($0) } }
        set { self[.rAck] = newValue?.description }
    }

    /// The dialog this INVITE replaces; nil too when the value is malformed: see `contains(.replaces)`.
    package var replaces: Replaces? {
        get { read(.replaces) { Replaces($0) } }
        set { self[.replaces] = newValue?.description }
    }

    /// Whether Require names an option.
    package func requiresOption(_ tag: String) -> Bool { require.contains { equalIgnoringCase($0, tag) } }
}
