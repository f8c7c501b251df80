import CallModel
import Calls
import Directory
import Observability
import Telemetry
import Wire

/// Counts and logs what happens to calls.
final class GatewayObserver: CallObserver {
    private let metrics: GatewayMetrics
    private let logger: Logger

    init(metrics: GatewayMetrics, logger: Logger) { (self.metrics, self.logger) = (metrics, logger) }

    func callChanged(_ event: CallEvent) {
        if case .stream(let status) = event.notice { count(status) }
        guard case .life(let notice) = event.notice else { return }
        metrics.count(notice, event.snapshot)
        logger.info(Self.word(for: notice), Self.fields(notice, event.snapshot))
    }

    private static func fields(_ notice: CallNotice, _ call: CallSnapshot) -> [LogField] {
        var fields = [
            LogField("callId", call.record.uuid), LogField("state", call.record.state.rawValue),
            LogField("direction", call.record.direction.rawValue),
            LogField("from", Private.number(call.record.callerNumber)),
            LogField("to", Private.number(call.record.receiverNumber)),
        ]
        if case .ended = notice {
            fields.append(LogField("reason", call.record.endReason?.rawValue ?? ""))
            fields.append(LogField("seconds", call.record.duration ?? 0))
        }
        return fields
    }

    private func count(_ stream: StreamStatus) {
        metrics.audioStreams.with(stream.state.rawValue).increment()
        switch stream.state {
        case .connecting: metrics.activeAudioStreams.with().add(1)
        case .ended:
            metrics.activeAudioStreams.with().add(-1)
            metrics.audioStreamFramesDropped.with().increment(by: UInt64(stream.droppedFrames))
        case .open, .reconnecting: break
        }
    }

    func upstreamChanged(registered: Bool, detail: String) {
        if !registered { metrics.errors.with("sip_registration").increment() }
    }

    func browserConnectionChanged(_ change: BrowserConnectionChange) {
        switch change {
        case .connected:
            metrics.webRTCConnections.with("connected").increment()
            metrics.activeWebRTCConnections.with().add(1)
        case .failed: metrics.webRTCConnections.with("failed").increment()
        case .disconnected(let duration):
            metrics.webRTCConnections.with("disconnected").increment()
            metrics.activeWebRTCConnections.with().add(-1)
            metrics.webRTCDuration.with().observe(duration.inSeconds)
        }
    }

    func queueChanged(_ event: QueueEvent) {
        switch event {
        case .updated(let status):
            metrics.queueWaiting.with(status.queue.name).set(Int64(status.waiting.count))
            // There before the first caller: what appears with its first value has no rate for it.
            metrics.queueWait.prepare([status.queue.name])
            metrics.queueCalls.prepare([status.queue.name], QueueOutcome.Word.allCases.map(\.rawValue))
        case .ended(let queue, let outcome, let waited):
            metrics.queueCalls.with(queue, outcome.word.rawValue).increment()
            metrics.queueWait.with(queue).observe(waited.inSeconds)
        case .removed(let queue): metrics.queueWaiting.with(queue).set(0)
        case .moved: break
        }
    }

    func qualityChanged(_ report: CallQualityReport) {
        for leg in report.quality.legs where report.sampled.contains(leg.leg) { metrics.observe(leg) }
    }

    private static func word(for notice: CallNotice) -> String {
        switch notice {
        case .created: "call created"
        case .offered: "call offered to a user"
        case .ringing: "call ringing"
        case .answered: "call answered"
        case .rejected: "call rejected"
        case .held(let on, _): on ? "call held" : "call resumed"
        case .transferRequested: "call transfer requested"
        case .transferred: "call transferred"
        case .transferFailed: "call transfer failed"
        case .withdrawn: "call withdrawn from a user"
        case .ended: "call ended"
        }
    }
}
