import SIP
import SIPEndpoint
import Telemetry

/// Signalling, but for trunks.
extension SampledMetrics {
    static func addSIP(to registry: MetricRegistry, _ figures: @escaping @Sendable () -> LoopFigures) {
        let read: @Sendable () -> SIPStatistics = { figures().sip }
        registry.sampled("sip_requests_total", "SIP requests answered.", kind: .counter, labels: ["method", "status"]) {
            var answered = read().requests
            // There before the first of them, or that one would have no rate.
            for method in usualMethods { answered[AnsweredRequest(method, 200), default: 0] += 0 }
            return answered.map { ([$0.key.method, String($0.key.status)], Double($0.value)) }
                .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        }
        registry.sampledHistogram(
            "sip_request_duration_seconds",
            "From a SIP request to its final response, ours to peers (server) and theirs to us (client).",
            labels: ["method", "side"], bounds: AnswerTimes.bounds
        ) {
            var times = read().transactions.times
            for method in usualMethods {
                for side in TimedRequest.Side.allCases where times[TimedRequest(method, side)] == nil {
                    times[TimedRequest(method, side)] = AnswerTimes()
                }
            }
            return times.map { request, times in
                ([request.method, request.side.rawValue], Histogram.Snapshot(counts: times.counts, sum: times.sum))
            }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        }
        registry.sampled(
            "sip_retransmissions_total", "SIP messages sent again, and received again.", kind: .counter,
            labels: ["direction", "message"]
        ) {
            let counts = read().transactions
            return [
                (["sent", "request"], Double(counts.requestsRetransmitted)),
                (["sent", "response"], Double(counts.responsesRetransmitted)),
                (["received", "request"], Double(counts.retransmissionsAbsorbed)),
                (["received", "response"], Double(counts.responsesRepeated)),
            ]
        }
        registry.sampled("sip_timeouts_total", "SIP transactions that nobody answered.", kind: .counter) {
            [([], Double(read().transactions.timeouts))]
        }
    }

    private static let usualMethods: [SIPMethod] = [.invite, .bye, .cancel, .register, .options]

    /// Who is there, what is open and what was turned away.
    static func addTraffic(to registry: MetricRegistry, _ figures: @escaping @Sendable () -> LoopFigures) {
        let read: @Sendable () -> SIPStatistics = { figures().sip }
        registry.sampled("sip_registered_users", "Accounts with a phone registered here.") {
            [([], Double(read().registeredAccounts))]
        }
        registry.sampled("sip_registered_contacts", "Phones registered here.") { [([], Double(read().contacts))] }
        registry.sampled("sip_transactions", "SIP transactions open.") { [([], Double(read().openTransactions))] }
        registry.sampled("sip_dialogs", "INVITE sessions with their leftovers.") { [([], Double(read().dialogs))] }
        registry.sampled("sip_legs", "SIP legs open.") { [([], Double(read().legs))] }
        registry.sampled("sip_upstream_registrations", "Our registrations at the trunk that hold.") {
            [([], Double(read().upstreamRegistered))]
        }
        registry.sampled("sip_dropped_total", "Messages dropped unanswered.", kind: .counter, labels: ["reason"]) {
            read().counters.dropped.byReason.map { ([$0.reason], Double($0.count)) }
        }
        registry.sampled("sip_refused_total", "Requests refused, by why.", kind: .counter, labels: ["reason"]) {
            let statistics = read()
            return [
                (["malformed"], Double(statistics.counters.malformed)),
                (["authentication"], Double(statistics.counters.authenticationFailures)),
                (["capacity"], Double(statistics.counters.refused + statistics.transactions.refused)),
            ]
        }
        registry.sampled("sip_bans_total", "Sources banned.", kind: .counter) {
            [([], Double(read().counters.bans))]
        }
    }
}
