package import Wire

/// The kinds of record that are asked for, by their number in a DNS message.
package enum DNSRecordKind: UInt16, Hashable, Sendable, CaseIterable {
    case a = 1
    case aaaa = 28
    /// RFC 2782.
    case srv = 33
    /// RFC 3403.
    case naptr = 35
}

/// One record of an answer, without the name it was found under.
///
/// Names are in presentation form without the final dot; the root is the empty name.
package enum DNSRecord: Hashable, Sendable {
    case address(IPAddress)
    /// SRV: lower priorities first, equals shared by weight; an empty target means that there is no such service.
    case service(priority: UInt16, weight: UInt16, port: UInt16, target: String)
    /// NAPTR: lower orders first, then lower preferences.
    case pointer(
        order: UInt16, preference: UInt16, flags: String, service: String, regexp: String, replacement: String)
}

/// What is asked of the name service: one kind of record of one name.
package struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
    /// In lower case, without the final dot.
    package let name: String
    package let kind: DNSRecordKind

    package init(_ name: String, _ kind: DNSRecordKind) {
        let lower = name.lowercased()
        self.name = lower.hasSuffix(".") ? String(lower.dropLast()) : lower
        self.kind = kind
    }

    /// As people write it: `SRV _sip._udp.example.com`.
    package var description: String { "\(kind) \(name)" }
}

extension DNSRecordKind: CustomStringConvertible {
    /// The mnemonic: `SRV`.
    package var description: String {
        switch self {
        case .a: "A"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .naptr: "NAPTR"
        }
    }
}
