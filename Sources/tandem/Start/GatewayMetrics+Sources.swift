import Mango
import Media
import Observability
import Reactor
import SIPEndpoint
import Telemetry
import Wire

/// Series that are read from the parts when somebody scrapes.
enum SampledMetrics {
    /// While the loop does not run yet.
    static func add(
        to registry: MetricRegistry, _ parts: MeasuredParts, mango: MangoMetrics, maximumCalls: Int, startedAt: Double
    ) {
        let figures = registry.gathered { LoopFigures(parts) }
        addProcess(to: registry, startedAt: startedAt)
        addLoop(to: registry, figures)
        addMedia(to: registry, parts.media)
        addWorkers(to: registry, parts.media)
        addTranscoding(to: registry, parts.media)
        addRecording(to: registry, parts.media, mango)
        addSIP(to: registry, figures)
        addTraffic(to: registry, figures)
        addTrunks(to: registry, figures)
        addCapacity(to: registry, maximum: maximumCalls, figures)
    }

    private static func addProcess(to registry: MetricRegistry, startedAt: Double) {
        let read = processReader()
        registry.sampled("memory_usage_bytes", "Resident memory of the process.") {
            [([], Double(read().residentBytes))]
        }
        registry.sampled("process_resident_memory_bytes", "Resident memory, by the name other programs use.") {
            [([], Double(read().residentBytes))]
        }
        let cpu = Share(read().cpuSeconds, at: SystemClock.now())
        registry.sampled("cpu_usage_percent", "CPU time of late, 100 for one core.") {
            [([], 100 * cpu.look(read().cpuSeconds, at: SystemClock.now()))]
        }
        registry.sampled("process_cpu_seconds_total", "CPU time used by the process.", kind: .counter) {
            [([], read().cpuSeconds)]
        }
        registry.sampled("process_open_fds", "Open file descriptors.") {
            [([], Double(read().openDescriptors))]
        }
        registry.sampled("process_max_fds", "File descriptors that may be open.") {
            [([], Double(read().maximumDescriptors))]
        }
        registry.sampled("process_start_time_seconds", "Start of the process since the epoch.") { [([], startedAt)] }
    }

    /// Reads the process's figures once for all series of an exposition: each reading counts thousands of descriptors.
    private static func processReader() -> @Sendable () -> ServerProcess {
        let latest = Locked((at: SystemClock.now(), figures: ServerProcess.statistics()))
        return {
            latest.withLock { latest in
                let now = SystemClock.now()
                if now - latest.at > .milliseconds(200) { latest = (now, ServerProcess.statistics()) }
                return latest.figures
            }
        }
    }

    /// The control loop, and who is connected.
    private static func addLoop(to registry: MetricRegistry, _ read: @escaping @Sendable () -> LoopFigures) {
        registry.sampled("control_loop_actors", "Actors that live on the control loop.", labels: ["kind"]) {
            let (calls, sessions) = (read().calls, read().sessions)
            return [
                (["call"], Double(calls.live)), (["call_concluding"], Double(calls.concluding)),
                (["session"], Double(sessions.plain + sessions.socketIO)),
            ]
        }
        registry.sampled("control_loop_queue_length", "Work that waits for its turn on the loop.", labels: ["queue"]) {
            let figures = read()
            return [
                (["ready"], Double(figures.queues.ready)), (["posted"], Double(figures.queues.posted)),
                (["timers"], Double(figures.timers)),
            ]
        }
        registry.sampled("control_loop_handles", "Sockets, listeners and watchers of the loop.") {
            [([], Double(read().handles))]
        }
        registry.sampled("sockets_connected", "Clients connected, by the door they use.", labels: ["kind"]) {
            let figures = read()
            return [
                (["websocket"], Double(figures.sessions.plain)), (["socketio"], Double(figures.sessions.socketIO)),
                (["sip"], Double(figures.sip.connections)),
            ]
        }
        registry.sampled("http_connections", "Connections to the web server, WebSockets included.") {
            [([], Double(read().web.connections))]
        }
        registry.sampled("http_websockets", "Those of them that are open WebSockets.") {
            [([], Double(read().web.sockets))]
        }
        registry.sampled("gateway_draining", "Whether no new calls are taken because the program is to end.") {
            [([], read().isDraining ? 1 : 0)]
        }
    }

    private static func addMedia(to registry: MetricRegistry, _ media: MediaPlane) {
        let total: @Sendable (MediaCounter) -> Double = { Double(media.counter($0).reduce(0, &+)) }
        registry.sampled("rtp_packets_total", "RTP packets.", kind: .counter, labels: ["direction", "kind"]) {
            [
                (["in", "browser"], total(.browserPacketsReceived)), (["out", "browser"], total(.browserPacketsSent)),
                (["in", "sip"], total(.sipPacketsReceived)), (["out", "sip"], total(.sipPacketsSent)),
            ]
        }
        registry.sampled("rtp_bytes_total", "Bytes of RTP.", kind: .counter, labels: ["direction", "kind"]) {
            [
                (["in", "browser"], total(.browserBytesReceived)), (["out", "browser"], total(.browserBytesSent)),
                (["in", "sip"], total(.sipBytesReceived)), (["out", "sip"], total(.sipBytesSent)),
            ]
        }
        registry.sampled("rtp_malformed_total", "Datagrams at media ports that are no packet.", kind: .counter) {
            [([], total(.malformed))]
        }
        registry.sampled("rtp_send_failures_total", "Packets that the system did not take.", kind: .counter) {
            [([], total(.sendFailures))]
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
        registry.sampled(
            "media_tie_lines", "Pairs of legs, or legs and conferences, that hear each other across workers."
        ) {
            [([], total(.standIns) / 2)]
        }
        registry.sampled("media_tcp_connections", "TCP connections of browsers whose network lets no UDP pass.") {
            [([], total(.browserConnections))]
        }
        registry.sampled("media_conferences", "Conferences that somebody is in.") { [([], total(.conferences))] }
        registry.sampled("media_conference_participants", "Media legs in conferences.") {
            [([], total(.conferenceLegs))]
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
}
