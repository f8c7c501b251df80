import Directory
import Reactor
import SIP
import Telemetry
import Wire

/// The connections to trunks: whom they must lead to, and how long they are kept.
extension SIPEndpoint {
    /// Takes over how TLS is spoken to the servers of these trunks, and to nobody else.
    func trustServers(of trunks: [Trunk]) { transports?.outboundTLS.replace(serverSettings(of: trunks)) }

    /// Reads the certificates again that trunks are shown, away from the loop, each pair of files once; connections that
    /// are open stay as they are, and what cannot be used leaves what was shown before.
    @concurrent package nonisolated func renewTrunkIdentities() async {
        let read = loadIdentities(of: await allTrunks)
        await show(read)
    }

    private var allTrunks: [Trunk] { trunks.all }

    nonisolated func loadIdentities(of trunks: [Trunk]) -> [String: TLSIdentity] {
        var read: [String: TLSIdentity] = [:]
        var tried: Set<String> = []
        for trunk in trunks {
            guard let files = trunk.tls.identityFiles, tried.insert(files.name).inserted else { continue }
            read[files.name] = load(files, of: trunk)
        }
        return read
    }

    func show(_ identities: [String: TLSIdentity]) {
        trunkIdentities.merge(identities) { $1 }
        trustServers(of: trunks.all)
    }

    /// How TLS is spoken to each host.
    ///
    /// Trunks that share one share the settings of the first that wants its certificate checked, if any does.
    func serverSettings(of trunks: [Trunk]) -> [String: TLSClientSettings] {
        let used = Set(trunks.compactMap { $0.tls.identityFiles?.name })
        trunkIdentities = trunkIdentities.filter { used.contains($0.key) }
        var settings: [String: TLSClientSettings] = [:]
        for trunk in trunks.filter(\.tls.verifies) + trunks.filter({ !$0.tls.verifies }) {
            let identity = identity(of: trunk)
            for host in trunk.targets.map({ $0.host.lowercased() }) where settings[host] == nil {
                settings[host] = TLSClientSettings(
                    serverName: host, verifies: trunk.tls.verifies, authorities: trunk.tls.authorities,
                    identity: identity)
            }
        }
        return settings
    }

    /// What was in the files when they were read last; read here when they have not been.
    private func identity(of trunk: Trunk) -> TLSIdentity? {
        guard let files = trunk.tls.identityFiles else { return nil }
        if let known = trunkIdentities[files.name] { return known }
        let identity = load(files, of: trunk)
        trunkIdentities[files.name] = identity
        return identity
    }

    private nonisolated func load(_ files: TrunkTLS.IdentityFiles, of trunk: Trunk) -> TLSIdentity? {
        do throws(TLSFailure) {
            return try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
        } catch {
            logger.error(
                "a trunk's certificate cannot be used",
                [LogField("trunk", trunk.name), LogField("reason", error.description)])
            return nil
        }
    }

    /// Keeps the connection alive that a registration of ours went over, for as long as it holds.
    ///
    /// Whoever says nothing of RFC 5626 is not expected to answer.
    func keepRegistered(_ flow: Flow, by response: SIPResponse) {
        let headers = response.headers
        guard (200..<300).contains(response.status), headers.cseq?.method == .register, flow.transport.isReliable else {
            return
        }
        let seconds = headers.contacts.compactMap(\.expires).max() ?? headers.expires ?? 0
        let speaksOutbound = headers.require.contains(Outbound.tag) || headers["Flow-Timer"] != nil
        keepAlive(flow, until: now + .seconds(seconds), expectsPong: speaksOutbound)
    }
}

extension TrunkTLS {
    /// What a server is shown of ours, when it asks.
    fileprivate struct IdentityFiles {
        let certificate: String
        let key: String

        /// Of both, for tables.
        var name: String { "\(certificate)\n\(key)" }
    }

    fileprivate var identityFiles: IdentityFiles? {
        guard let certificate, let key else { return nil }
        return IdentityFiles(certificate: certificate, key: key)
    }
}
