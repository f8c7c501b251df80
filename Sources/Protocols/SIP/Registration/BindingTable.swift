package import Wire

/// The registrar's memory: the live contacts of every account (RFC 3261 section 10.3).
package struct BindingTable: Sendable {
    /// What becomes of a REGISTER that was authenticated.
    package enum Outcome: Sendable, Equatable {
        case ok
        /// 400.
        case malformed
        /// 423; Min-Expires says what would have been granted.
        case tooBrief(minimum: UInt32)
        /// 500: a REGISTER of the same Call-ID with a higher CSeq was seen.
        case outOfOrder
    }

    /// An account gained its first contact or lost its last.
    package struct Change: Sendable, Equatable {
        package let account: String
        package let isRegistered: Bool
    }

    package let limits: RegistrarLimits
    private var accounts: [String: [Binding]] = [:]
    /// How many bindings of which accounts rest on a flow.
    private var flows: [Flow: [String: Int]] = [:]
    private var expiries = TimerQueue<String>()
    private var expiryTokens: [String: TimerQueue<String>.Token] = [:]
    private var changes: [Change] = []
    private var lastAge: UInt64 = 0

    package init(limits: RegistrarLimits = RegistrarLimits()) { self.limits = limits }

    package var accountCount: Int { accounts.count }
    package var bindingCount: Int { accounts.values.reduce(0) { $0 + $1.count } }

    /// The live contacts of an account, the preferred and then the latest first; of a device with several flows only
    /// the latest, so that it rings once.
    package func bindings(of account: String, now: Instant) -> [Binding] {
        var known: Set<String> = []
        return live(account, now).filter { binding in
            guard let instance = binding.instance, binding.flowNumber != nil else { return true }
            return known.insert(instance).inserted
        }
    }

    private func live(_ account: String, _ now: Instant) -> [Binding] {
        (accounts[account] ?? []).filter { $0.expiresAt > now }
            .sorted { ($0.preference, $0.age) > ($1.preference, $1.age) }
    }

    /// Whether a device is registered by this flow.
    package func knows(_ flow: Flow) -> Bool { flows[flow] != nil }

    /// The flows by which a contact is registered.
    package func flows(of contact: SIPURI, account: String) -> Set<Flow> {
        Set((accounts[account] ?? []).filter { $0.uri.isEquivalent(to: contact) }.map(\.flow))
    }

    package mutating func nextDeadline() -> Instant? { expiries.nextDeadline() }

    package mutating func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }

    /// Drops what expired.
    package mutating func advance(to now: Instant) {
        while let account = expiries.popExpired(now) {
            replace(account, (accounts[account] ?? []).filter { $0.expiresAt > now })
        }
    }

    /// Does all that an authenticated REGISTER asks for, or nothing of it.
    package mutating func register(
        _ request: SIPRequest, account: String, from flow: Flow, now: Instant
    ) -> Outcome {
        let headers = request.headers
        guard let callID = headers.callID, let sequence = headers.cseq?.number else { return .malformed }
        var bindings = (accounts[account] ?? []).filter { $0.expiresAt > now }
        if headers.isWildcardContact {
            guard headers.contacts.isEmpty, headers.expires == 0 else { return .malformed }
            guard bindings.allSatisfy({ !$0.isNewer(than: sequence, of: callID) }) else { return .outOfOrder }
            replace(account, [])
            return .ok
        }
        let path = headers.addresses(.path)
        let usesOutbound = Outbound.isUsed(by: request)
        for contact in headers.contacts {
            guard isAcceptable(contact, path) else { return .malformed }
            let request = BindingRequest(
                contact: contact, seconds: wish(contact, headers), usesOutbound: usesOutbound)
            guard request.seconds == 0 || request.seconds >= limits.minimumExpires else {
                return .tooBrief(minimum: limits.minimumExpires)
            }
            let index = bindings.firstIndex { $0.isMeant(by: request) }
            if let index, bindings[index].isNewer(than: sequence, of: callID) { return .outOfOrder }
            if let index { bindings.remove(at: index) }
            guard request.seconds > 0 else { continue }
            lastAge += 1
            bindings.append(
                Binding(
                    uri: contact.uri, flow: flow, path: path, preference: request.preference,
                    instance: request.instance, flowNumber: request.flowNumber,
                    expiresAt: now + .seconds(request.seconds), callID: callID, sequence: sequence, age: lastAge))
        }
        replace(account, Array(bindings.sorted { $0.age < $1.age }.suffix(limits.contactsPerAccount)))
        return .ok
    }

    /// A connection broke: a device that cannot be reached but by it is gone until it registers again.
    ///
    /// One whose Contact names the address it came from may be connected to by TCP, unless it registers its flows: then
    /// it opens another one itself.
    package mutating func connectionLost(_ flow: Flow) {
        guard let resting = flows[flow]?.keys else { return }
        for account in resting {
            let remaining = (accounts[account] ?? []).compactMap { binding -> Binding? in
                guard binding.flow == flow else { return binding }
                guard flow.canBeOpened, binding.flowNumber == nil, binding.uri.address == flow.remote.ip else {
                    return nil
                }
                var moved = binding
                let port = binding.uri.port ?? flow.transport.defaultPort
                let remote = SocketAddress(ip: flow.remote.ip, port: port)
                moved.flow = Flow(transport: flow.transport, remote: remote, domain: flow.domain)
                return moved
            }
            replace(account, remaining)
        }
    }

    /// Drops every contact of an account that may not register any more.
    package mutating func forget(_ account: String) { replace(account, []) }

    /// The Contact values of a 200: every live binding with the seconds it has left.
    package func contacts(of account: String, now: Instant) -> [NameAddress] {
        live(account, now).map { binding in
            var contact = NameAddress(uri: binding.uri)
            if let instance = binding.instance { contact.parameters.set("+sip.instance", instance) }
            if let number = binding.flowNumber { contact.parameters.set("reg-id", String(number)) }
            contact.expires = UInt32(clamping: ((binding.expiresAt - now).wholeMilliseconds + 999) / 1000)
            return contact
        }
    }

    /// The contact's own wish, the request's, or ours, cut to what is granted at most.
    private func wish(_ contact: NameAddress, _ headers: SIPHeaders) -> UInt32 {
        min(contact.expires ?? headers.expires ?? limits.defaultExpires, limits.maximumExpires)
    }

    private func isAcceptable(_ contact: NameAddress, _ path: [NameAddress]) -> Bool {
        contact.uri.isSIP && contact.uri.description.utf8.count <= limits.addressBytes
            && (contact.parameters["+sip.instance"] ?? "").utf8.count <= limits.addressBytes
            && path.count <= 8 && path.allSatisfy { $0.description.utf8.count <= limits.addressBytes }
    }

    private mutating func replace(_ account: String, _ bindings: [Binding]) {
        let wasRegistered = accounts[account] != nil
        for binding in accounts[account] ?? [] {
            let others = (flows[binding.flow]?[account] ?? 1) - 1
            flows[binding.flow]?[account] = others > 0 ? others : nil
            if flows[binding.flow]?.isEmpty == true { flows[binding.flow] = nil }
        }
        for binding in bindings { flows[binding.flow, default: [:]][account, default: 0] += 1 }
        accounts[account] = bindings.isEmpty ? nil : bindings
        if let token = expiryTokens.removeValue(forKey: account) { expiries.cancel(token) }
        if let next = bindings.map(\.expiresAt).min() {
            expiryTokens[account] = expiries.schedule(at: next, account)
        }
        if wasRegistered != !bindings.isEmpty {
            changes.append(Change(account: account, isRegistered: !bindings.isEmpty))
        }
    }
}

extension Binding {
    fileprivate func isNewer(than sequence: UInt32, of callID: String) -> Bool {
        self.callID == callID && self.sequence >= sequence
    }

    /// The same flow of the same device; without flows the same device, or the same URI.
    fileprivate func isMeant(by request: BindingRequest) -> Bool {
        if let instance, instance == request.instance { return flowNumber == request.flowNumber }
        return uri.isEquivalent(to: request.contact.uri)
    }
}
