extension SIPURI {
    /// Whether two URIs name the same resource (RFC 3261 19.1.4; RFC 3966 5 for telephone numbers).
    ///
    /// This is no equivalence relation (a parameter in one URI only is mostly ignored), so it is not `==`.
    package func isEquivalent(to other: SIPURI) -> Bool {
        guard scheme == other.scheme else { return false }
        switch scheme {
        case .sip, .sips:
            return SIPURI.normalized(escapedUser) == SIPURI.normalized(other.escapedUser)
                && SIPURI.normalized(escapedPassword) == SIPURI.normalized(other.escapedPassword)
                && isSameHost(as: other) && port == other.port && parametersMatch(other) && headersMatch(other)
        case .tel:
            return SIPURI.digits(of: user) == SIPURI.digits(of: other.user)
                && parameters.count == other.parameters.count && sharedParametersMatch(other)
        case .other:
            return opaquePart == other.opaquePart
        }
    }

    private static func normalized(_ escaped: String?) -> [UInt8]? { escaped.map(Escapes.normalized) }

    /// The number without visual separators, in lower case.
    private static func digits(of number: String?) -> [UInt8] {
        (number ?? "").utf8.filter { !"-.()".utf8.contains($0) }.map(\.lowercased)
    }

    /// Host names without case; addresses by value, for IPv6 has many spellings.
    private func isSameHost(as other: SIPURI) -> Bool {
        if equalIgnoringCase(host, other.host) { return true }
        guard host.hasPrefix("["), let address else { return false }
        return address == other.address
    }

    private func parametersMatch(_ other: SIPURI) -> Bool {
        // These change where or how a request goes, so that absence differs from presence.
        let decisive = ["user", "ttl", "method", "maddr", "transport"]
        return decisive.allSatisfy { parameters.contains($0) == other.parameters.contains($0) }
            && sharedParametersMatch(other)
    }

    private func sharedParametersMatch(_ other: SIPURI) -> Bool {
        parameters.all.allSatisfy { parameter in
            guard other.parameters.contains(parameter.name) else { return scheme != .tel }
            // Of a parameter that stands there twice, which none may, the first counts on both sides.
            let (ours, theirs) = (parameters[parameter.name], other.parameters[parameter.name])
            return equalIgnoringCase(ours ?? "", theirs ?? "")
        }
    }

    /// Headers are compared as a set, each by name and value.
    private func headersMatch(_ other: SIPURI) -> Bool {
        func key(_ header: Header) -> String { header.name.lowercased() + ":" + header.value }
        return headers.count == other.headers.count
            && headers.map(key).sorted() == other.headers.map(key).sorted()
    }
}
