import Directory
import SIP
import Wire

/// What an INVITE says of its caller: From, and what is asserted beside it (RFC 3323, RFC 3325).
struct CallerForm {
    private(set) var from: NameAddress
    private(set) var headers: [(name: String, value: String)] = []

    /// Digits of the shortest telephone number; what is shorter is an extension.
    private static let shortestNumber = 7

    static let anonymous = NameAddress(
        displayName: "Anonymous",
        uri: SIPURI("sip:anonymous@anonymous.invalid") ?? SIPURI(address: SocketAddress(ip: .anyIPv4, port: 5060)))

    /// Towards a phone, which is shown nobody who does not want it.
    init(_ caller: CallerIdentity, uri: SIPURI) {
        from = caller.isPrivate ? Self.anonymous : NameAddress(displayName: caller.displayName, uri: uri)
    }

    /// Towards a trunk, by its policy; nil when the trunk has no address to write.
    init?(_ caller: CallerIdentity, at state: TrunkState) {
        let policy = state.trunk.callerID
        let account = state.account(of: caller)
        let number = Self.number(of: caller, state.trunk)
        let name = caller.displayName ?? account?.displayName
        let user = policy.from == .account ? account?.username ?? number : number
        guard let address = state.address(user: user), let asserted = state.address(user: number) else { return nil }
        from = caller.isPrivate ? Self.anonymous : NameAddress(displayName: name, uri: address)
        assert(NameAddress(displayName: name, uri: asserted), policy.assertion, isPrivate: caller.isPrivate)
    }

    private static func number(of caller: CallerIdentity, _ trunk: Trunk) -> String {
        let rewritten = trunk.numbers.outgoingCaller.rewrite(caller.user)
        guard let shown = trunk.callerID.number, !isNumber(rewritten) else { return rewritten }
        return shown
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
        return digits.utf8.count >= shortestNumber && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private mutating func assert(_ caller: NameAddress, _ assertion: CallerIDPolicy.Assertion, isPrivate: Bool) {
        switch assertion {
        case .none: break
        case .asserted: headers.append((SIPHeaderName.pAssertedIdentity.text, "\(caller)"))
        case .preferred: headers.append((SIPHeaderName.pPreferredIdentity.text, "\(caller)"))
        case .remoteParty:
            let party = RemotePartyID(address: caller, isPrivate: isPrivate)
            headers.append((SIPHeaderName.remotePartyID.text, "\(party)"))
        }
        if isPrivate { headers.append((SIPHeaderName.privacy.text, "id")) }
    }
}

extension TrunkState {
    /// The account that a call goes out under: the one of whoever calls, never of the number that is shown.
    func account(of caller: CallerIdentity) -> TrunkCredentials? {
        guard let account = caller.account else { return trunk.credentials.first }
        return self.account(for: account)
    }
}

extension CallerIdentity {
    /// Who an INVITE of a trunk says is calling; only a trusted one is believed beyond its From.
    init(_ invite: SIPRequest, from trunk: Trunk) {
        let headers = invite.headers
        let from = headers.from
        var address = from
        var isHidden =
            from?.uri.host == CallerForm.anonymous.uri.host || from?.uri.user == CallerForm.anonymous.uri.user
        if trunk.callerID.trustsIncoming {
            let party = headers.remotePartyID.flatMap { $0.party == .calling ? $0 : nil }
            let asserted = headers.pAssertedIdentities.first { $0.uri.user != nil }
            address = asserted ?? party?.address ?? from
            isHidden = isHidden || headers.wantsPrivacy || party?.isPrivate == true
        } else {
            isHidden = isHidden || headers.wantsPrivacy
        }
        self.init(
            displayName: address?.displayName, user: trunk.numbers.incomingCaller.rewrite(address?.uri.user ?? ""),
            isPrivate: isHidden)
    }
}
