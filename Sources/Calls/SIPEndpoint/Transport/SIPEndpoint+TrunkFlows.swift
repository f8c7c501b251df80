import Directory
import Reactor
import SIP
import Telemetry
import Wire

/// The connections to trunks: whom they must lead to, and how long they are kept.
extension SIPEndpoint {
    /// Takes over how TLS is spoken to the servers of these trunks, and to nobody else.
    func trustServers(of trunks: [Trunk]) { transports?.outboundTLS.replace(serverSettings(of: trunks)) }

    /// Reads the certificates again that trunks are shown; connections that are open stay as they are.
    package func renewTrunkIdentities() { trustServers(of: trunks.all) }

    /// How TLS is spoken to each host.
    ///
    /// Trunks that share one share the settings of the first that wants its certificate checked, if any does.
    func serverSettings(of trunks: [Trunk]) -> [String: TLSClientSettings] {
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

    /// What is in the files now; what was there before when that cannot be used.
    private func identity(of trunk: Trunk) -> TLSIdentity? {
        guard let certificate = trunk.tls.certificate, let key = trunk.tls.key else { return nil }
        let files = "\(certificate)\n\(key)"
        do throws(TLSFailure) {
            let identity = try TLSIdentity(certificateFile: certificate, keyFile: key)
            trunkIdentities[files] = identity
            return identity
        } catch {
            logger.error(
                "a trunk's certificate cannot be used",
                [LogField("trunk", trunk.name), LogField("reason", error.description)])
            return trunkIdentities[files]
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
