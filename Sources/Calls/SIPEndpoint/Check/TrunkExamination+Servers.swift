import DNS
import Directory
import Reactor
import SIP
import Wire

/// The trunk's servers: where they are, who answers, who takes our credentials.
extension TrunkExamination {
    /// Looks every target up; the servers in the order a call tries them.
    func findServers(_ report: inout TrunkReport) async -> [TrunkServer] {
        var servers: [TrunkServer] = []
        for target in trunk.targets.sorted(by: { $0.priority < $1.priority }) {
            let (location, findings) = await locate(target)
            report.add(NameFindings(target: target, findings: findings, location: location).lines)
            for destination in location.ordered(using: &entropy) {
                let server = TrunkServer(target: target, destination)
                let isKnown = servers.contains { $0.flow == server.flow }
                if !isKnown, servers.count < Limits.servers { servers.append(server) }
            }
        }
        return servers
    }

    private func locate(_ target: TrunkTarget) async -> (SIPLocation, [TargetLocator.Finding]) {
        var locator = TargetLocator(SIPTarget(target))
        while true {
            if let location = locator.location { return (location, locator.findings) }
            guard let question = locator.nextQuestion() else {
                return (SIPLocation(domain: target.host, services: [], lifetime: .zero), locator.findings)
            }
            let answer = await withCheckedContinuation { continuation in
                network.query(question.name, question.kind) { continuation.resume(returning: $0) }
            }
            locator.receive(answer, to: question)
        }
    }

    func probe(_ server: Flow) async -> ConnectionFinding {
        let probe = ConnectionProbe(loop: loop, network: network, tls: trunk.tls)
        return await withCheckedContinuation { continuation in
            probe.probe(server) { continuation.resume(returning: $0) }
        }
    }

    func askOptions(_ server: TrunkServer) async -> OptionsFinding {
        let account = trunk.credentials.first
        guard let uri = TrunkState.address(of: server.target),
            var request = request(.options, uri, from: account?.username, server)
        else { return OptionsFinding(server: server.flow, outcome: .failed(.transport)) }
        request.headers[.accept] = MediaType.sdp.description
        return OptionsFinding(server: server.flow, outcome: await send(request, over: server.flow))
    }

    /// A REGISTER without a Contact asks who is registered, and changes nothing (RFC 3261 section 10.2.3).
    func askRegistrar(_ server: TrunkServer, _ account: TrunkCredentials) async -> RegistrationFinding {
        let failed = RegistrationFinding(
            username: account.username, outcome: .failed(.transport), wasAuthenticated: false)
        guard let registrar = TrunkState.address(of: server.target),
            var request = request(.register, registrar, from: account.username, server)
        else { return failed }
        request.headers.to = request.headers.from.map { NameAddress(uri: $0.uri) }
        request.headers.contacts = []
        let credentials = TrunkState.credentials(account, trunk)
        var authentication = RequestAuthentication()
        var sequence: UInt32 = 1
        while true {
            let outcome = await send(request, over: server.flow)
            let finding = RegistrationFinding(
                username: account.username, outcome: outcome, wasAuthenticated: authentication.realm != nil)
            guard case .answered(let response, _) = outcome, response.status == 401 || response.status == 407 else {
                return finding
            }
            let again = authentication.answer(response, to: request, credentials: credentials, entropy: &entropy)
            guard var again else { return finding.refused(by: response, credentials) }
            sequence += 1
            again.headers.cseq = CSeq(sequence, .register)
            request = again
        }
    }

    private func request(
        _ method: SIPMethod, _ uri: SIPURI, from user: String?, _ server: TrunkServer
    ) -> SIPRequest? {
        guard let sender = TrunkState.address(of: server.target, user: user ?? "tandem") else { return nil }
        var request = SIPRequest(method, uri)
        request.headers.maxForwards = 70
        var from = NameAddress(uri: sender)
        from.tag = entropy.hex(8)
        request.headers.from = from
        request.headers.to = NameAddress(uri: uri)
        request.headers.callID = entropy.hex(16)
        request.headers.cseq = CSeq(1, method)
        request.headers.contacts = [contact(user: user, facing: server.flow)]
        return request
    }
}

extension RegistrationFinding {
    /// A challenge that was not answered (again): the credentials are wrong, or meant for another realm.
    fileprivate func refused(by response: SIPResponse, _ credentials: SIPCredentials) -> RegistrationFinding {
        let header: SIPHeaderName = response.status == 407 ? .proxyAuthenticate : .wwwAuthenticate
        let realm = response.headers.all(header).lazy.compactMap(DigestChallenge.init).first?.realm
        guard let realm, let own = credentials.realm, own != realm else { return self }
        return RegistrationFinding(
            username: username, outcome: .foreignRealm(realm), wasAuthenticated: wasAuthenticated)
    }
}

extension TLSClientSettings {
    /// How TLS is spoken to a trunk's domain.
    init(_ tls: TrunkTLS, for domain: String) throws(TLSFailure) {
        var identity: TLSIdentity?
        if let certificate = tls.certificate, let key = tls.key {
            identity = try TLSIdentity(certificateFile: certificate, keyFile: key)
        }
        self.init(serverName: domain, verifies: tls.verifies, authorities: tls.authorities, identity: identity)
    }
}
