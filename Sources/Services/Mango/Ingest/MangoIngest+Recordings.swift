import CallModel
import Calls
import Directory
import Reactor
import Telemetry
import Web
import Wire

/// Events about recordings: what is to be fetched, and when.
extension MangoIngest {
    func take(_ event: MangoRecordingEvent) async throws(StoreError) -> Outcome {
        let call = try await call(of: event)
        var recording = MangoRecording(
            recordingID: event.recordingID,
            state: MangoRecording.State(rawValue: event.state.rawValue) ?? .started)
        recording.callPK = call?.id
        (recording.entryID, recording.callID) = (event.entryID ?? call?.entryID, event.callID ?? call?.callID)
        (recording.completionCode, recording.recipient) = (event.completionCode, event.recipient)
        recording.eventAt = event.timestamp
        if event.isFetchable {
            recording.nextAttemptAt = loop.wallTime + settings.recordingDelay
        } else if event.state == .completed {
            (recording.state, recording.lastError) = (.failed, "completion code \(event.completionCode ?? 0)")
        }
        try await keep(recording)
        guard call != nil else { return Outcome(reply: .noCall) }
        switch event.state {
        case .started, .continued: return Outcome(reply: MangoReply("Recording started - waiting for completion"))
        case .completed, .added:
            guard event.isFetchable else { return Outcome(reply: MangoReply("Recording not stored by the exchange")) }
            return Outcome(reply: .called("Recording queued for processing", event.callID ?? call?.callID))
        }
    }

    /// A recording that the JSON dialect names by its address.
    func keepRecording(_ url: String, _ event: MangoCallEvent, _ call: CallRecord?) async throws(StoreError) {
        guard HTTPURL(url) != nil else { return }
        var recording = MangoRecording(recordingID: "j:\(event.callID)", state: .completed)
        (recording.callPK, recording.entryID, recording.callID) = (call?.id, event.entryID, event.callID)
        (recording.sourceURL, recording.eventAt) = (url, event.timestamp)
        recording.nextAttemptAt = loop.wallTime + settings.recordingDelay
        try await keep(recording)
    }

    private func call(of event: MangoRecordingEvent) async throws(StoreError) -> CallRecord? {
        let callIDs = [event.callID].compactMap(\.self)
        let known = event.entryID.flatMap { byEntry[$0] } ?? event.callID.flatMap { byCall[$0] }
        if let live = known.flatMap(live) { return live }
        return try await services.store.call(entryID: event.entryID, callIDs: callIDs)
    }

    private func live(_ tracked: TrackedEntry) -> CallRecord? {
        guard let uuid = tracked.uuid else { return nil }
        return services.calls.assumeIsolated { $0.liveRecord(.uuid(uuid)) }
    }

    private func keep(_ recording: MangoRecording) async throws(StoreError) {
        _ = try await services.store.keep(recording)
        recordingsChanged()
    }
}
