import API
import Calls
import Directory
import Reactor
import SIPEndpoint
import Wire

/// The way to the PBX behind us, for the settings page of document 003.
extension Gateway {
    static func makePBX(
        _ configuration: Configuration, _ parts: (loop: ControlLoop, network: SystemNetwork, sip: SIPEndpoint),
        _ roster: RosterBox
    ) -> PBXServices {
        let (loop, network, sip) = parts
        let publicAddress = configuration.media.publicAddress
        let isBusy = Locked(false)
        return PBXServices(
            connection: {
                let statistics = await sip.statistics()
                let trunk = roster.current.trunks.filter(\.isEnabled).min { $0.priority < $1.priority }
                let status = statistics.trunks.first { $0.status.name == trunk?.name }
                return PBXServices.Connection(
                    trunk: trunk, isConnected: status?.isUp ?? false, registeredUsers: statistics.registeredAccounts)
            },
            attempt: { target in
                let wasBusy = isBusy.withLock { flag in
                    defer { flag = true }
                    return flag
                }
                guard !wasBusy else { return nil }
                defer { isBusy.withLock { $0 = false } }
                let examination = TrunkExamination(
                    Trunk(name: "test", targets: [target]), loop: loop, network: network,
                    surroundings: TrunkExaminationSurroundings(publicAddress: publicAddress))
                do throws(SIPEndpointError) {
                    return PBXServices.Trial(try await examination.examine(calling: nil))
                } catch {
                    return PBXServices.Trial(isConnected: false, message: "no port can be opened")
                }
            })
    }
}

extension PBXServices.Trial {
    /// Reached is what answers OPTIONS, whatever it says; the message is what went wrong, or else what it answered.
    fileprivate init(_ report: TrunkReport) {
        let answers = report.lines.filter { $0.step == .options }
        let isConnected = answers.contains { $0.verdict != .failed }
        let telling = (isConnected ? answers : report.lines).first { ($0.verdict == .failed) != isConnected }
        self.init(isConnected: isConnected, message: telling?.text ?? "no server found")
    }
}
