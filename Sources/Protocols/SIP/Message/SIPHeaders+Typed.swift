/// The headers that routing, transactions and dialogs live on. A malformed or missing one reads as nil or as nothing;
/// the parser lets no message through whose mandatory headers are such.
extension SIPHeaders {
    // MARK: Via

    /// Every hop, the topmost first.
    package var vias: [Via] {
        get { values(of: .via, \.vias) }
        set { replace(.via, with: newValue.map { Field(.via, vias: [$0]) }) }
    }

    /// The topmost hop.
    ///
    /// Setting replaces it, or adds one when there is none; nil removes it.
    package var topVia: Via? {
        get {
            guard let index = index(of: .via), case .vias(let vias) = fields[index].meaning else { return nil }
            return vias.first
        }
        set {
            guard let index = index(of: .via) else {
                if let newValue { insert(Field(.via, vias: [newValue]), at: 0) }
                return
            }
            var vias = fields[index].vias
            if let newValue, !vias.isEmpty {
                vias[0] = newValue
            } else if let newValue {
                vias = [newValue]
            } else {
                vias = Array(vias.dropFirst())
            }
            if vias.isEmpty { remove(at: index) } else { replace(at: index, with: Field(.via, vias: vias)) }
        }
    }

    /// The branch of the topmost hop.
    var topBranch: String? {
        guard let index = index(of: .via), case .vias(let vias) = fields[index].meaning, !vias.isEmpty else {
            return nil
        }
        return vias[0].parameters["branch"]
    }

    /// Whether there is one hop and no more.
    var hasOneVia: Bool {
        var count = 0
        let fields = self.fields.span
        for index in fields.indices {
            if case .vias(let vias) = fields[index].meaning { count += vias.count }
        }
        return count == 1
    }

    /// Puts a hop above all others.
    package mutating func prependVia(_ via: Via) {
        insert(Field(.via, vias: [via]), at: index(of: .via) ?? 0)
    }

    // MARK: Dialog

    package var from: NameAddress? {
        get { address(of: .from) }
        set { replace(.from, with: newValue.map { [Field(.from, addresses: [$0])] } ?? []) }
    }

    package var to: NameAddress? {
        get { address(of: .to) }
        set { replace(.to, with: newValue.map { [Field(.to, addresses: [$0])] } ?? []) }
    }

    /// The tag of From; asked for at every step, so that the rest of the field is not copied for it.
    package var fromTag: String? { tag(of: .from) }

    /// The tag of To.
    package var toTag: String? { tag(of: .to) }

    private func address(of name: SIPHeaderName) -> NameAddress? {
        guard let index = index(of: name), case .addresses(let values) = fields[index].meaning else { return nil }
        return values.first
    }

    private func tag(of name: SIPHeaderName) -> String? {
        guard let index = index(of: name), case .addresses(let values) = fields[index].meaning, !values.isEmpty else {
            return nil
        }
        return values[0].parameters["tag"]
    }

    package var callID: String? {
        get { self[.callID] }
        set { self[.callID] = newValue }
    }

    package var cseq: CSeq? {
        get {
            guard let index = index(of: .cseq), case .cseq(let value) = fields[index].meaning else { return nil }
            return value
        }
        set { replace(.cseq, with: newValue.map { [Field(cseq: $0)] } ?? []) }
    }

    // MARK: Contacts and routes

    /// Every Contact but `*`.
    package var contacts: [NameAddress] {
        get { values(of: .contact, \.addresses) }
        set { replace(.contact, with: newValue.isEmpty ? [] : [Field(.contact, addresses: newValue)]) }
    }

    /// Whether a Contact is `*`, which in a REGISTER with Expires 0 removes every binding (RFC 3261 10.2.2).
    package var isWildcardContact: Bool {
        fields.contains { $0.name == .contact && $0.isWildcard }
    }

    package var routes: [NameAddress] {
        get { values(of: .route, \.addresses) }
        set { replace(.route, with: newValue.map { Field(.route, addresses: [$0]) }) }
    }

    package var recordRoutes: [NameAddress] {
        get { values(of: .recordRoute, \.addresses) }
        set { replace(.recordRoute, with: newValue.map { Field(.recordRoute, addresses: [$0]) }) }
    }

    /// The values of any other header of name-addr form: Path, Service-Route, Refer-To, P-Asserted-Identity.
    package func addresses(_ name: SIPHeaderName) -> [NameAddress] {
        values(of: name) { NameAddress.parseList($0.bytes, limit: SIPLimits.listValues) ?? [] }
    }

    /// Writes a header of name-addr form, one field for each value.
    package mutating func set(_ name: SIPHeaderName, _ addresses: [NameAddress]) {
        replace(name, with: addresses.map { Field(name, addresses: [$0]) })
    }
}

extension SIPHeaders.Field {
    var vias: [Via] {
        guard case .vias(let values) = meaning else { return [] }
        return values
    }

    var addresses: [NameAddress] {
        guard case .addresses(let values) = meaning else { return [] }
        return values
    }
}
