package import CallModel
import CallViews
package import Telemetry
import Wire

/// The metrics of contract §7 that other systems' dashboards and alerts know by name.
package struct GatewayMetrics: Sendable {
    package let httpRequests: Family<Counter>
    package let httpDuration: Family<Histogram>
    package let calls: Family<Counter>
    package let callDuration: Family<Histogram>
    package let activeCalls: Family<Gauge>
    package let webRTCConnections: Family<Counter>
    package let activeWebRTCConnections: Family<Gauge>
    package let webRTCDuration: Family<Histogram>
    package let errors: Family<Counter>
    package let queueWaiting: Family<Gauge>
    package let queueCalls: Family<Counter>
    package let queueWait: Family<Histogram>
    package let mediaMOS: Family<Histogram>
    package let mediaJitter: Family<Histogram>
    package let mediaRoundTrip: Family<Histogram>
    package let mediaLoss: Family<Histogram>
    package let audioStreams: Family<Counter>
    package let activeAudioStreams: Family<Gauge>
    package let audioStreamFramesDropped: Family<Counter>
    package let loopLag: Family<Histogram>
    private let steps: CallSteps

    private static let httpBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let callBounds: [Double] = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600]
    private static let waitBounds: [Double] = [1, 5, 10, 20, 30, 60, 120, 300, 600]
    private static let scoreBounds = [1.5, 2, 2.5, 3, 3.2, 3.4, 3.6, 3.8, 4, 4.1, 4.2, 4.3, 4.4]
    private static let jitterBounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2]
    private static let roundTripBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1]
    private static let lossBounds = [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    private static let lagBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1]

    package init(_ registry: MetricRegistry) {
        httpRequests = registry.counter(
            "http_requests_total", "HTTP requests answered.", labels: ["method", "endpoint", "status_code"])
        httpDuration = registry.histogram(
            "http_request_duration_seconds", "From the complete request to its response.",
            labels: ["method", "endpoint"], bounds: Self.httpBounds)
        calls = registry.counter(
            "calls_total", "Calls that entered a status; each passes initiated once.", labels: ["direction", "status"])
        callDuration = registry.histogram(
            "call_duration_seconds", "Time from answer to end of answered calls.", labels: ["direction"],
            bounds: Self.callBounds)
        activeCalls = registry.gauge("active_calls", "Calls that have begun and not ended.")
        webRTCConnections = registry.counter(
            "webrtc_connections_total", "Browser connections by what became of them.", labels: ["status"])
        activeWebRTCConnections = registry.gauge("active_webrtc_connections", "Browser connections that are up.")
        webRTCDuration = registry.histogram(
            "webrtc_connection_duration_seconds", "Life of browser connections that were up.", bounds: Self.callBounds)
        errors = registry.counter("errors_total", "Faults by kind.", labels: ["error_type"])
        queueWaiting = registry.gauge("queue_waiting", "Callers who wait in a queue.", labels: ["queue"])
        queueCalls = registry.counter(
            "queue_calls_total", "Callers whose wait is over, by what became of them.", labels: ["queue", "outcome"])
        queueWait = registry.histogram(
            "queue_wait_seconds", "From entering a queue to the end of the wait.", labels: ["queue"],
            bounds: Self.waitBounds)
        mediaMOS = registry.histogram(
            "media_mos", "Mean opinion score (ITU-T G.107) of each leg, every 5 s.", labels: ["leg", "codec"],
            bounds: Self.scoreBounds)
        mediaJitter = registry.histogram(
            "media_jitter_seconds", "Interarrival jitter each way (received: of the peer's packets, sent: of ours).",
            labels: ["leg", "codec", "direction"], bounds: Self.jitterBounds)
        mediaRoundTrip = registry.histogram(
            "media_rtt_seconds", "Time to a leg's peer and back, by RTCP.", labels: ["leg", "codec"],
            bounds: Self.roundTripBounds)
        mediaLoss = registry.histogram(
            "media_packet_loss_ratio", "Packets lost each way within 5 s, 0 to 1.",
            labels: ["leg", "codec", "direction"], bounds: Self.lossBounds)
        audioStreams = registry.counter(
            "audio_streams_total", "Connections of audio streams by what became of them.", labels: ["event"])
        activeAudioStreams = registry.gauge("audio_streams_active", "Audio streams that have begun and not ended.")
        audioStreamFramesDropped = registry.counter(
            "audio_stream_frames_dropped_total", "Frames of 20 ms that a stream's other end did not take.")
        loopLag = registry.histogram(
            "event_loop_lag_seconds", "How long one turn of the control loop kept the others waiting.",
            bounds: Self.lagBounds)
        steps = CallSteps(calls, callDuration, activeCalls)
        showZeros()
    }

    /// What appears with its first count has no rate for it: series that are known are there from the start.
    ///
    /// Not those of `media_…`: a mean of what nobody has heard yet would be no number.
    private func showZeros() {
        let directions = CallDirection.allCases.map(\.rawValue)
        calls.prepare(directions, ["initiated", "ringing", "answered", "completed", "failed", "busy", "no_answer"])
        callDuration.prepare(directions)
        webRTCConnections.prepare(["connected", "failed", "disconnected"])
        audioStreams.prepare(["connecting", "open", "reconnecting", "ended"])
        errors.prepare(Self.errorTypes)
    }

    /// Registrations at trunks, and whoever writes errors into the log; requests that we failed to answer are `http`.
    private static let errorTypes = ["sip_registration"] + LoggingPart.allCases.map(\.rawValue)

    /// Counts an error that a part writes into the log.
    package func countError(of part: String) { errors.with(part).increment() }

    /// Counts one step of a call's life.
    package func count(_ notice: CallNotice, _ call: CallSnapshot) {
        let direction = call.record.direction
        switch notice {
        case .created:
            steps.counter(direction, "initiated").increment()
            steps.active.add(1)
        case .ringing: steps.counter(direction, "ringing").increment()
        case .answered: steps.counter(direction, "answered").increment()
        case .ended:
            steps.counter(direction, CallView.gateway.status(of: call.record) ?? "failed").increment()
            steps.active.add(-1)
            if call.record.answeredAt != nil { steps.duration(direction).observe(Double(call.record.duration ?? 0)) }
        case .offered, .rejected, .held, .transferRequested, .transferred, .transferFailed, .withdrawn: break
        }
    }

    /// Observes how a leg sounded of late; what nothing was heard of is left out.
    package func observe(_ leg: LegQuality) {
        let (kind, codec) = (leg.kind.rawValue, Self.word(forCodec: leg.codec))
        if let score = [leg.received.mos, leg.sent.mos].compactMap(\.self).min() {
            mediaMOS.with(kind, codec).observe(score)
        }
        for (word, way) in [("received", leg.received), ("sent", leg.sent)] {
            guard let loss = way.recentLoss else { continue }
            mediaLoss.with(kind, codec, word).observe(loss)
            if let jitter = way.jitterMilliseconds { mediaJitter.with(kind, codec, word).observe(jitter / 1000) }
        }
        if leg.sent.recentLoss != nil, let time = leg.roundTripMilliseconds {
            mediaRoundTrip.with(kind, codec).observe(time / 1000)
        }
    }

    /// A label from a closed list: descriptions name codecs as they like.
    private static func word(forCodec codec: String?) -> String {
        ["PCMU", "PCMA", "G722", "opus"].first { $0.lowercased() == codec?.lowercased() } ?? "other"
    }

    package func countRequest(method: String, endpoint: String, status: Int, duration: Duration) {
        httpRequests.with(method, endpoint, String(status)).increment()
        httpDuration.with(method, endpoint).observe(duration.inSeconds)
        // What is not taken for a good reason is no fault.
        if status >= 500, status != 503 { errors.with("http").increment() }
    }
}
