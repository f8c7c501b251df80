/// Registration over several flows, as a registrar sees it (RFC 5626 section 6).
package enum Outbound {
    /// The option tag.
    package static let tag = "outbound"
    /// Seconds without a sign of life after which a phone must expect its flow to be forgotten (Flow-Timer).
    package static let flowTimer: UInt32 = 120

    /// Whether a REGISTER binds flows: the phone speaks of it, names its instance and the flow, and comes itself or by
    /// an edge proxy that keeps the flow to it.
    ///
    /// Behind any other proxy the flow ends at the proxy, and the registration is an ordinary one.
    package static func isUsed(by request: SIPRequest) -> Bool {
        let headers = request.headers
        guard headers.supported.contains(where: { equalIgnoringCase($0, tag) }),
            headers.contacts.contains(where: { FlowName($0) != nil })
        else { return false }
        return headers.vias.count == 1 || headers.addresses(.path).last?.uri.parameters.contains("ob") == true
    }

    /// Says in the 200 to such a REGISTER that it was understood.
    package static func confirm(_ request: SIPRequest, in response: inout SIPResponse) {
        response.headers.supported = ["path", tag]
        guard isUsed(by: request) else { return }
        response.headers.require = [tag]
        response.headers.append("Flow-Timer", String(flowTimer))
    }
}

/// One flow of one device: its `+sip.instance` and `reg-id`.
struct FlowName: Hashable, Sendable {
    let instance: String
    let number: UInt32

    /// Nil without both; the number counts from 1 (RFC 5626 section 4.1).
    init?(_ contact: NameAddress) {
        guard let instance = contact.parameters["+sip.instance"], !instance.isEmpty,
            let number = contact.parameters["reg-id"].flatMap(Decimal.exactly).flatMap({ UInt32(exactly: $0) }),
            number > 0
        else { return nil }
        (self.instance, self.number) = (instance, number)
    }
}
