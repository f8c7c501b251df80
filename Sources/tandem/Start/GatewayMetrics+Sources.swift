import Mango
import Media
import Observability
import Reactor
import SIP
import SIPEndpoint
import Telemetry

/// Series that are read from the parts when somebody scrapes.
enum SampledMetrics {
    static func add(
        to registry: MetricRegistry, media: MediaPlane, sip: SIPEndpoint, mango: MangoMetrics, startedAt: Double
    ) {
        addProcess(to: registry, startedAt: startedAt)
        addMedia(to: registry, media)
        addTranscoding(to: registry, media)
        addRecording(to: registry, media, mango)
        addSIP(to: registry, sip)
        addTrunks(to: registry, sip)
    }

    private static func addProcess(to registry: MetricRegistry, startedAt: Double) {
        registry.sampled("memory_usage_bytes", "Resident memory of the process.") {
            [([], Double(ServerProcess.statistics().residentBytes))]
        }
        registry.sampled("process_cpu_seconds_total", "CPU time used by the process.", kind: .counter) {
            [([], ServerProcess.statistics().cpuSeconds)]
        }
        registry.sampled("process_open_fds", "Open file descriptors.") {
            [([], Double(ServerProcess.statistics().openDescriptors))]
        }
        registry.sampled("process_start_time_seconds", "Start of the process since the epoch.") { [([], startedAt)] }
    }

    private static func addMedia(to registry: MetricRegistry, _ media: MediaPlane) {
        let total: @Sendable (MediaCounter) -> Double = { Double(media.counter($0).reduce(0, &+)) }
        registry.sampled("rtp_packets_total", "RTP packets.", kind: .counter, labels: ["direction", "kind"]) {
            [
                (["in", "browser"], total(.browserPacketsReceived)), (["out", "browser"], total(.browserPacketsSent)),
                (["in", "sip"], total(.sipPacketsReceived)), (["out", "sip"], total(.sipPacketsSent)),
            ]
        }
        registry.sampled("rtp_refused_total", "Datagrams from hosts a leg has nothing to do with.", kind: .counter) {
            [([], total(.refused))]
        }
        registry.sampled("srtp_failures_total", "SRTP packets forged or repeated.", kind: .counter) {
            [([], total(.srtpFailures))]
        }
        registry.sampled("media_legs", "Media legs open.", labels: ["kind"]) {
            [(["browser"], total(.browserLegs)), (["sip"], total(.sipLegs))]
        }
        registry.sampled("media_tcp_connections", "TCP connections of browsers whose network lets no UDP pass.") {
            [([], total(.browserConnections))]
        }
        registry.sampled("media_conferences", "Conferences that somebody is in.") { [([], total(.conferences))] }
        registry.sampled("media_conference_participants", "Media legs in conferences.") {
            [([], total(.conferenceLegs))]
        }
        registry.sampled(
            "media_worker_cpu_seconds_total", "CPU time of each worker.", kind: .counter, labels: ["worker"]
        ) {
            media.counter(.cpuTime).enumerated().map { ([String($0.offset)], Double($0.element) / 1e9) }
        }
    }

    /// Those made here end; those of the vendor's exchange are fetched and stored.
    private static func addRecording(to registry: MetricRegistry, _ media: MediaPlane, _ mango: MangoMetrics) {
        let value: @Sendable (RecordingCounter) -> Double = { Double(media.recording($0)) }
        registry.sampled("recordings_active", "Calls that are being recorded.") { [([], value(.active))] }
        registry.sampled("recordings_total", "Recordings that ended.", kind: .counter, labels: ["result"]) {
            [
                (["completed"], value(.completed)), (["failed"], value(.failed)),
                (["stored"], Double(mango.recordingsStored.value)), (["lost"], Double(mango.recordingsLost.value)),
            ]
        }
        registry.sampled("recording_bytes_total", "Bytes of recordings written.", kind: .counter) {
            [([], value(.bytes))]
        }
        registry.sampled(
            "recording_packets_dropped_total", "Packets not recorded because the disk was too slow.", kind: .counter
        ) { [([], value(.packetsDropped))] }
    }

    /// Directions of calls, by what they are made of and into.
    private static func addTranscoding(to registry: MetricRegistry, _ media: MediaPlane) {
        let values: @Sendable (TranscodingCounter) -> [([String], Double)] = { counter in
            media.transcoding(counter).map { ([$0.from.rawValue, $0.to.rawValue], Double($0.value)) }
        }
        registry.sampled(
            "media_transcoders", "Directions of calls that are transcoded now.", labels: ["from", "to"]
        ) { values(.transcoders) }
        registry.sampled(
            "media_transcoded_frames_total", "Frames of 20 ms made by transcoders.", kind: .counter,
            labels: ["from", "to"]
        ) { values(.frames) }
    }

    /// Read on the loop, where `/metrics` is answered.
    private static func addSIP(to registry: MetricRegistry, _ sip: SIPEndpoint) {
        let read: @Sendable () -> SIPStatistics = { sip.assumeIsolated { $0.statistics() } }
        registry.sampled("sip_requests_total", "SIP requests answered.", kind: .counter, labels: ["method", "status"]) {
            read().requests.map { ([$0.key.method, String($0.key.status)], Double($0.value)) }
                .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        }
        registry.sampled("sip_registered_users", "Accounts with a phone registered here.") {
            [([], Double(read().registeredAccounts))]
        }
        registry.sampled("sip_transactions", "SIP transactions open.") { [([], Double(read().openTransactions))] }
        registry.sampled("sip_dialogs", "INVITE sessions with their leftovers.") { [([], Double(read().dialogs))] }
        registry.sampled("sip_legs", "SIP legs open.") { [([], Double(read().legs))] }
        registry.sampled("sip_upstream_registrations", "Our registrations at the trunk that hold.") {
            [([], Double(read().upstreamRegistered))]
        }
        registry.sampled("sip_dropped_total", "Messages dropped unanswered.", kind: .counter, labels: ["reason"]) {
            read().counters.dropped.byReason.map { ([$0.reason], Double($0.count)) }
        }
        registry.sampled("sip_bans_total", "Sources banned.", kind: .counter) {
            [([], Double(read().counters.bans))]
        }
    }
}
