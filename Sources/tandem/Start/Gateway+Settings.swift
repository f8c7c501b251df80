import API
import Calls
import Directory
import Media
import Reactor
import SIPEndpoint
import Wire

/// The settings of document 003's page, and the check of a way out.
extension Gateway {
    static func makeSettings(
        _ configuration: Configuration, _ parts: (loop: ControlLoop, media: MediaPlane, sip: SIPEndpoint),
        _ checks: TrunkChecks
    ) -> SettingsServices {
        let (loop, media, sip) = parts
        return SettingsServices(
            state: { name in
                let found = await sip.statistics().trunks.first { $0.status.name == name }
                return (found?.isUp ?? false, found?.status.detail ?? "")
            },
            ports: {
                await withCheckedContinuation { continuation in
                    loop.execute {
                        let range = media.rtpPorts
                        let legs = (Int(range.upperBound) - Int(range.lowerBound) + 1) / 2
                        continuation.resume(returning: SettingsServices.Ports(range: range, legs: legs))
                    }
                }
            },
            portsAreFixed: configuration.media.portsAreFixed,
            accounts: { name in
                await sip.trunkAccounts(of: name).mapValues {
                    SettingsServices.Standing(isRegistered: $0.isRegistered, failure: $0.failure)
                }
            },
            examine: { trunk in await checks.examine(trunk)?.json }, startup: configuration.startup)
    }
}

/// Examines trunks beside the running gateway, one at a time.
final class TrunkChecks: Sendable {
    private let loop: ControlLoop
    private let network: SystemNetwork
    private let publicAddress: IPAddress?
    private let isBusy = Locked(false)

    init(_ configuration: Configuration, loop: ControlLoop, network: SystemNetwork) {
        (self.loop, self.network, publicAddress) = (loop, network, configuration.media.publicAddress)
    }

    /// Nil while another one is examined.
    func examine(_ trunk: Trunk) async -> TrunkReport? {
        let wasBusy = isBusy.withLock { flag in
            defer { flag = true }
            return flag
        }
        guard !wasBusy else { return nil }
        defer { isBusy.withLock { $0 = false } }
        let examination = TrunkExamination(
            trunk, loop: loop, network: network,
            surroundings: TrunkExaminationSurroundings(publicAddress: publicAddress))
        do throws(SIPEndpointError) {
            return try await examination.examine(calling: nil)
        } catch {
            var report = TrunkReport(trunk: trunk.name)
            report.add([TrunkReport.Line(.connection, .failed, "no port can be opened")])
            return report
        }
    }
}

extension Configuration {
    /// The ports of SIP legs: the environment's, or else those that administrators set.
    func rtpPorts(_ settings: ServerSettings) -> ClosedRange<UInt16> {
        media.portsAreFixed ? media.ports : settings.rtpPorts ?? media.ports
    }

    /// What only a restart changes, for people who set up the other end.
    var startup: [(variable: String, value: String)] {
        let addresses = advertisedAddresses.map(\.description).joined(separator: ", ")
        return [
            ("PUBLIC_IP", addresses), ("SIP_LISTEN_PORT", "\(sip.port)"), ("SIP_TLS_PORT", "\(sip.securePort)"),
            ("WEBRTC_PORT", "\(media.browserPort)"), ("STUN_SERVER", media.stunServer ?? ""),
            ("MAX_CONCURRENT_CALLS", "\(calls.maximum)"),
        ]
    }
}
