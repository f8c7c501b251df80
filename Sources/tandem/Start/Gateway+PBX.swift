import API
import Calls
import Directory
import SIPEndpoint

/// The way to the PBX behind us, for the settings page of document 003.
extension Gateway {
    static func makePBX(_ sip: SIPEndpoint, _ roster: RosterBox, _ checks: TrunkChecks) -> PBXServices {
        PBXServices(
            connection: {
                let statistics = await sip.statistics()
                let trunk = roster.current.pbx.flatMap { $0.isEnabled ? $0 : nil }
                let status = statistics.trunks.first { $0.status.name == trunk?.name }
                return PBXServices.Connection(
                    trunk: trunk, isConnected: status?.isUp ?? false, registeredUsers: statistics.registeredAccounts)
            },
            attempt: { target in
                await checks.examine(Trunk(name: "test", targets: [target])).map(PBXServices.Trial.init)
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
