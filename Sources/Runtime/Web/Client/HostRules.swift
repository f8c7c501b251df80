package import Wire

/// Hosts that an administrator names: names and addresses, `*.example.com` for all below it, `*` for any at all.
package struct HostRules: Sendable, Equatable {
    /// In lower case, addresses in their one form.
    private let rules: [String]

    /// Addresses may be written in any form, IPv6 also in brackets.
    package init(_ rules: [String]) { self.rules = rules.map { Self.uniform($0.lowercased()) } }

    private static func uniform(_ host: String) -> String { IPAddress(host)?.description ?? host }

    /// Whether a host, in lower case, is one of them.
    package func allow(_ host: String) -> Bool { rules.contains("*") || name(host) }

    /// Whether an address that a host turned out to have may be spoken to.
    ///
    /// One that only this machine or its own network reaches, or that is among this machine's `own`, must have been
    /// named, and not merely be any at all: what strangers ask for would reach what is protected from strangers.
    package func allow(_ address: IPAddress, of host: String, own: Set<IPAddress> = []) -> Bool {
        name(host) || address.isGlobal && !own.contains(address.untranslated) && allow(host)
    }

    private func name(_ host: String) -> Bool {
        let host = Self.uniform(host)
        return rules.contains { $0 == host || ($0.hasPrefix("*.") && host.hasSuffix($0.dropFirst())) }
    }
}
