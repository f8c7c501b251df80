import API
import Calls
import Directory
import Observability
import Reactor
import SIP
import SIPEndpoint
import Wire

/// What administrators are shown of the running gateway.
extension Gateway {
    static func makeRunning(
        _ configuration: Configuration, _ health: HealthSource, _ sip: SIPEndpoint, _ roster: RosterBox
    ) -> RunningServices {
        let service = configuration.service
        return RunningServices(
            status: {
                let (report, trunks) = (await health.report(), await sip.trunkStatuses())
                let working = trunks.filter { $0.isReachable != false && $0.isRegistered != false }
                return [
                    "service": .string(service.name), "version": .string(service.version),
                    "state": .string(report.notReady ?? "ready"), "testMode": .bool(report.isTest),
                    "degraded": JSONValue(report.degraded),
                    "uptimeSeconds": .integer(report.uptime.wholeMilliseconds / 1000),
                    "liveCalls": JSONValue(await health.calls.liveCount),
                    "registeredPhones": JSONValue(report.registeredUsers),
                    "trunks": ["working": JSONValue(working.count), "all": JSONValue(trunks.count)],
                    "checks": report.checksByName,
                ]
            }, trunks: { await sip.trunkStatuses().map(\.state) },
            registrations: { await sip.registrations(of: roster.current) })
    }
}

extension TrunkStatus {
    /// As administrators are shown it.
    var state: TrunkState {
        TrunkState(
            name: name, isRegistered: isRegistered, isReachable: isReachable, channels: channels, detail: detail)
    }
}

extension HealthReport {
    fileprivate var checksByName: JSONValue {
        .object(
            JSONObject(
                checks.map { name, check in
                    JSONObject.Member(
                        name, ["status": check.isOK ? "ok" : "error", "message": .string(check.message)])
                }))
    }
}

extension SIPEndpoint {
    /// The devices of everybody, in the order of their extensions.
    fileprivate func registrations(of roster: Roster) -> [RegisteredDevice] {
        roster.accounts.sorted { $0.extension < $1.extension }.flatMap { account in
            contacts(for: account.username).map { contact in
                RegisteredDevice(
                    account: account, contact: "\(contact.uri)", transport: "\(contact.flow.transport)",
                    address: "\(contact.flow.remote)",
                    expiresIn: (contact.expiresAt - loop.now).wholeMilliseconds / 1000)
            }
        }
    }
}
