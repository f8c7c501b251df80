package import Wire

/// Where one device of an account wants its requests, and for how long (RFC 3261 section 10).
package struct Binding: Sendable {
    package var uri: SIPURI
    /// The way the REGISTER came: the only way through a NAT back to the device.
    package var flow: Flow
    /// What stands between us and the device (RFC 3327).
    package var path: [NameAddress]
    /// 0…1000, the thousandths of `q`; 1000 when the device says nothing.
    package var preference: Int
    /// The `+sip.instance`, which tells a restarted device from another one.
    package var instance: String?
    /// Which of the device's flows this is, when it registers by several (RFC 5626).
    package var flowNumber: UInt32?
    package var expiresAt: Instant
    /// Of the REGISTER that made it last: an older one must not undo it.
    var callID: String
    var sequence: UInt32
    /// Counts up through the whole table: the oldest makes way when an account has too many.
    var age: UInt64
}

/// What a registrar grants.
package struct RegistrarLimits: Sendable {
    /// A device more than this takes the place of the one registered longest ago.
    package var contactsPerAccount: Int
    /// Seconds; a shorter wish is answered 423.
    package var minimumExpires: UInt32
    /// Seconds; a longer wish is cut to this.
    package var maximumExpires: UInt32
    /// Seconds, for a REGISTER that wishes nothing.
    package var defaultExpires: UInt32
    /// Bytes of a Contact URI or a Path value: what is stored for strangers' devices is bounded.
    package var addressBytes: Int

    package init(
        contactsPerAccount: Int = 10, minimumExpires: UInt32 = 60, maximumExpires: UInt32 = 7200,
        defaultExpires: UInt32 = 3600, addressBytes: Int = 512
    ) {
        self.contactsPerAccount = contactsPerAccount
        self.minimumExpires = minimumExpires
        self.maximumExpires = maximumExpires
        self.defaultExpires = defaultExpires
        self.addressBytes = addressBytes
    }
}

/// A binding a REGISTER asks for; 0 seconds take it away.
struct BindingRequest {
    let contact: NameAddress
    let seconds: UInt32
    /// Whether a `reg-id` counts.
    let usesOutbound: Bool

    var instance: String? { contact.parameters["+sip.instance"] }
    var flowNumber: UInt32? { usesOutbound ? FlowName(contact)?.number : nil }

    var preference: Int {
        guard let text = contact.parameters["q"] else { return 1000 }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1].prefix(3)) : ""
        let padded = fraction + String(repeating: "0", count: 3 - fraction.count)
        guard let whole = Int(parts.first ?? ""), let thousandths = Int(padded) else { return 1000 }
        return whole >= 1 ? 1000 : max(0, min(1000, thousandths))
    }
}
