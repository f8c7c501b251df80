import Calls
import Cluster
import Directory
import Media
import Observability
import Reactor
import SIPEndpoint
import Store
import Wire

/// Asks the parts how they are, for the health endpoints.
struct HealthSource: Sendable {
    let calls: CallManager
    let sip: SIPEndpoint
    let store: SQLStore
    let media: MediaPlane
    let roster: RosterBox
    let mango: MangoParts
    let tellsRealtime: Bool
    let cluster: Cluster?
    let startedAt: Instant
    let isTest: Bool

    func report() async -> HealthReport {
        let live = await calls.liveCount
        let isDraining = await calls.isDraining
        let statistics = await sip.statistics()
        let callManager = HealthReport.Check(isOK: true, message: "Active calls: \(live), Active sessions: \(live)")
        let (registered, wanted) = (statistics.upstreamRegistered, statistics.upstreamAccounts)
        let hasTrunk = roster.current.hasTrunk
        let trunk = HealthReport.Check(isOK: registered == wanted, message: "Registered: \(registered) of \(wanted)")
        let (database, redis) = (await database(), redis)
        let degraded = [("database", database), ("redis", redis)].filter { !$0.1.isOK }.map(\.0)
        var report = HealthReport(
            isTrunkUp: hasTrunk && registered == wanted, registeredUsers: statistics.registeredAccounts,
            uptime: SystemClock.now() - startedAt, notReady: isDraining ? "draining" : nil,
            degraded: degraded,
            checks: [
                ("database", database),
                ("redis", redis), ("callManager", callManager), ("sip", hasTrunk ? trunk : .notConfigured),
                ("webrtc", browserLegs), ("mango", configured(mango.exchange != nil)),
                ("s3", configured(mango.objects != nil)), ("realtime", configured(tellsRealtime)),
            ])
        report.isTest = isTest
        return report
    }

    private func database() async -> HealthReport.Check {
        let health = await store.health()
        if isTest { return HealthReport.Check(isOK: health.isUp, message: "test data in memory, nothing is kept") }
        return HealthReport.Check(isOK: health.isUp, message: health.message)
    }

    private var redis: HealthReport.Check {
        guard let cluster else { return .notConfigured }
        let isConnected = cluster.isConnected
        return HealthReport.Check(isOK: isConnected, message: isConnected ? "connected" : "not reachable")
    }

    /// What is asked of others when there is something to ask; their absence ends no call.
    private func configured(_ isConfigured: Bool) -> HealthReport.Check {
        isConfigured ? HealthReport.Check(isOK: true, message: "configured") : .notConfigured
    }

    /// Workers cannot stop without the program; what there is to say of them is how much they carry.
    private var browserLegs: HealthReport.Check {
        let legs = media.counter(.browserLegs)
        return HealthReport.Check(isOK: true, message: "Workers: \(legs.count), browser legs: \(legs.reduce(0, &+))")
    }
}
