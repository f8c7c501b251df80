import SIPEndpoint
import Telemetry

/// One series for each trunk; their names are those of the configuration, and no others.
extension SampledMetrics {
    static func addTrunks(to registry: MetricRegistry, _ figures: @escaping @Sendable () -> LoopFigures) {
        let read: @Sendable () -> [TrunkStatistics] = { figures().sip.trunks }
        registry.sampled("sip_trunk_up", "Whether a trunk can take calls, as far as is known.", labels: ["trunk"]) {
            read().compactMap { trunk in trunk.isUp.map { ([trunk.status.name], $0 ? 1 : 0) } }
        }
        registry.sampled(
            "sip_trunk_registered", "Whether an account of ours is registered at a trunk that wants it.",
            labels: ["trunk"]
        ) {
            read().compactMap { trunk in trunk.status.isRegistered.map { ([trunk.status.name], $0 ? 1 : 0) } }
        }
        registry.sampled("sip_trunk_channels", "Calls on a trunk in both directions.", labels: ["trunk"]) {
            read().map { ([$0.status.name], Double($0.status.channels)) }
        }
        registry.sampled(
            "sip_trunk_calls_total", "Calls sent to and received from a trunk, by what became of them.", kind: .counter,
            labels: ["trunk", "result"]
        ) {
            read().flatMap { trunk in
                trunk.counts.byResult.map { ([trunk.status.name, $0.result], Double($0.count)) }
            }
        }
    }
}

extension TrunkCounts {
    fileprivate var byResult: [(result: String, count: UInt64)] {
        [
            ("attempted", attempts), ("answered", answers), ("refused", refusals), ("failed", failures),
            ("received", received), ("crowded", crowded),
        ]
    }
}
