import Directory
import Reactor
import SIPEndpoint
import Telemetry

/// A SIP side without accounts, trunk or listener: these tests have pages only.
func makeEndpoint(_ loop: any EventLoop, _ host: SimulatedHost) -> SIPEndpoint {
    SIPEndpoint(
        loop: loop, network: host, accounts: NoAccounts(), configuration: SIPEndpointConfiguration(listen: []),
        logger: .silent)
}

private struct NoAccounts: SIPAccountDirectory {
    func sipAccount(username: String) -> SIPAccount? { nil }
}
