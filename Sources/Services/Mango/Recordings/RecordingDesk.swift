import CallModel
import Calls
import Directory
import Reactor
import Telemetry
import Web
import Wire

/// Fetches recordings from the exchange and stores them, each until it has succeeded or a day is over.
///
/// What is to be done stands in the store, so that a restart goes on with it.
package actor RecordingDesk {
    nonisolated let services: MangoServices
    package nonisolated var unownedExecutor: UnownedSerialExecutor { services.loop.asUnownedSerialExecutor() }
    var loop: any EventLoop { services.loop }

    let source: RecordingSource
    /// Nil: recordings are noted and not fetched.
    let objects: ObjectStore?
    let files: RecordingFiles
    private let metrics: MangoMetrics
    private var running: Set<String> = []
    /// Names in the object store that those under way have chosen, by recording.
    private var reserved: [String: String] = [:]
    private var timer: LoopTimer?
    private var isLooking = false
    private var looksAgain = false
    private var isStopped = false

    private static let parallel = 10
    /// Looked at also when nobody tells: the store may have been away.
    private static let longestRest = Duration.seconds(60)

    package init(
        _ services: MangoServices, source: RecordingSource, objects: ObjectStore?, files: RecordingFiles,
        metrics: MangoMetrics
    ) {
        (self.services, self.source, self.objects) = (services, source, objects)
        (self.files, self.metrics) = (files, metrics)
    }

    /// Goes on with what an earlier run has left.
    package func start() async {
        if objects != nil { await files.prepare() }
        await look()
    }

    package func stop() {
        isStopped = true
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    /// Has the store looked at soon; several calls of one turn count as one.
    package nonisolated func wake() { services.loop.execute { self.assumeIsolated { $0.arm(after: .zero) } } }

    private func arm(after delay: Duration) {
        guard !isStopped else { return }
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(after: delay) { [weak self] in
            self?.assumeIsolated { desk in
                desk.timer = nil
                Task { await desk.look() }
            }
        }
    }

    /// Begins with whatever is due and has room, and sets the clock for the next.
    private func look() async {
        guard !isStopped else { return }
        guard !isLooking else {
            looksAgain = true
            return
        }
        isLooking = true
        let limit = Self.parallel + running.count
        let pending = (try? await services.store.pendingRecordings(limit: limit)) ?? []
        isLooking = false
        let now = loop.wallTime
        var rest = Self.longestRest
        for recording in pending where !running.contains(recording.recordingID) {
            let wait = (recording.nextAttemptAt ?? now).milliseconds - now.milliseconds
            guard wait <= 0 else {
                rest = min(rest, .milliseconds(wait))
                break
            }
            guard running.count < Self.parallel else { break }
            running.insert(recording.recordingID)
            Task { await work(on: recording) }
        }
        arm(after: looksAgain ? .zero : rest)
        looksAgain = false
    }

    private func work(on recording: MangoRecording) async {
        let outcome = await outcome(of: recording)
        let isNoted = await write(outcome)
        running.remove(recording.recordingID)
        reserved[recording.recordingID] = nil
        // What is not noted is still due: not at once again, while the store does not write.
        arm(after: isNoted ? .zero : Self.longestRest)
    }

    private func write(_ outcome: MangoRecording) async -> Bool {
        do throws(StoreError) {
            try await services.store.update(outcome)
            return true
        } catch {
            services.logger.error("what became of a recording cannot be noted", [LogField("reason", "\(error)")])
            return false
        }
    }

    private func outcome(of recording: MangoRecording) async -> MangoRecording {
        var next = recording
        guard let objects else {
            services.logger.info("a recording stays with the exchange: S3_BUCKET_NAME is not set")
            next.nextAttemptAt = nil
            return next
        }
        next.attempts += 1
        next.firstAttemptAt = recording.firstAttemptAt ?? loop.wallTime
        var span = services.tracer?.begin(
            "recording.download", .client, at: loop.now,
            [
                LogField("recording.id", recording.recordingID), LogField("mango.call_id", recording.callID ?? ""),
                LogField("attempt", next.attempts),
            ])
        do throws(RecordingFailure) {
            try await fetch(&next, into: objects)
            metrics.recordingsStored.increment()
        } catch {
            next.lastError = error.description
            span?.fail(error)
            next.retry(at: loop.wallTime)
            if next.state == .failed { metrics.recordingsLost.increment() }
            services.logger.warn(
                "a recording could not be stored",
                [
                    LogField("recording", recording.recordingID), LogField("attempt", next.attempts),
                    LogField("reason", error.description), LogField("isLast", next.state == .failed),
                ])
        }
        if var span = span.take() {
            span.end = loop.now
            services.tracer?.record([span])
        }
        return next
    }

    /// Whatever comes of it, no file is left behind.
    private func fetch(
        _ recording: inout MangoRecording, into objects: ObjectStore
    ) async throws(RecordingFailure) {
        let path = files.path(of: recording.recordingID)
        do throws(RecordingFailure) {
            let contentType = try await source.fetch(recording, into: path)
            try await store(&recording, path, contentType, in: objects)
        } catch {
            await files.remove(path)
            throw error
        }
        await files.remove(path)
    }

    private func store(
        _ recording: inout MangoRecording, _ path: String, _ contentType: String, in objects: ObjectStore
    ) async throws(RecordingFailure) {
        guard let measured = await files.measure(path), measured.file.size > 0 else { throw .unreadable }
        let (file, hash) = measured
        let key = try await key(of: recording, contentType, prefix: objects.settings.prefix)
        do throws(HTTPClientError) {
            try await objects.put(file, sha256: hash, as: key, contentType: contentType)
        } catch {
            throw .objectStore(error)
        }
        (recording.key, recording.contentType, recording.size) = (key, contentType, file.size)
        try await note(&recording, key)
        (recording.state, recording.nextAttemptAt, recording.lastError) = (.downloaded, nil, nil)
        recording.downloadedAt = loop.wallTime
    }

    /// The event's moment names it, so that whoever is told again replaces what there is.
    private func key(
        of recording: MangoRecording, _ contentType: String, prefix: String
    ) async throws(RecordingFailure) -> String {
        let name = recording.callID ?? recording.entryID ?? recording.recordingID
        let safe = String(
            decoding: name.utf8.map { byte in
                ASCII.isAlphanumeric(byte) || "._=-".utf8.contains(byte) ? byte : UInt8(ascii: "_")
            }, as: UTF8.self)
        let moment = recording.eventAt?.milliseconds ?? 0
        let stem = "\(prefix)\(safe)_\(moment)"
        let ending = contentType == "audio/wav" ? "wav" : "mp3"
        if let known = recording.key, known.hasPrefix(stem) { return known }
        let free = try await freeName(stem, for: recording.recordingID)
        return "\(free).\(ending)"
    }

    /// The stem, or with the first number that no other recording has.
    private func freeName(_ stem: String, for id: String) async throws(RecordingFailure) -> String {
        var number = try await others(than: id, named: stem) + 1
        while true {
            let name = number == 1 ? stem : "\(stem)_\(number)"
            number += 1
            guard !reserved.values.contains(name) else { continue }
            // Reserved before it is looked for: whoever else has it either reserves it still or has it stored.
            reserved[id] = name
            if try await others(than: id, named: name) == 0 { return name }
        }
    }

    private func others(than id: String, named stem: String) async throws(RecordingFailure) -> Int {
        do throws(StoreError) {
            return try await services.store.recordings(withKeyStem: stem, otherThan: id)
        } catch {
            throw .store
        }
    }

    /// Writes the place of the recording to its call, and tells of it.
    private func note(_ recording: inout MangoRecording, _ key: String) async throws(RecordingFailure) {
        guard let call = try await call(of: recording) else { return }
        recording.callPK = call.id
        let now = loop.wallTime
        let change: @Sendable (inout CallRecord) -> Void = { record in
            (record.recordingURL, record.recordingPath) = ("s3://\(key)", key)
            record.recordingProcessedAt = now
        }
        var changed = services.calls.assumeIsolatedEdit(call.key, change)
        if changed == nil { changed = try await edit(call.key, at: now, change) }
        guard let changed else { return }
        services.calls.announce(CallEvent(record: changed, notice: .recorded, offeredTo: []))
    }

    private func call(of recording: MangoRecording) async throws(RecordingFailure) -> CallRecord? {
        do throws(StoreError) {
            return try await services.store.call(
                entryID: recording.entryID, callIDs: [recording.callID].compactMap(\.self))
        } catch {
            throw .store
        }
    }

    /// Edits a call that is over, for webhooks to hear of.
    private func edit(
        _ key: CallKey, at now: WallTime, _ change: @escaping @Sendable (inout CallRecord) -> Void
    ) async throws(RecordingFailure) -> CallRecord? {
        let calls = services.calls
        do throws(StoreError) {
            return try await services.callStore.edit(
                key, rows: [], at: now,
                following: { calls.publications(of: CallEvent(record: $0, notice: .recorded, offeredTo: [])) }, change)
        } catch {
            throw .store
        }
    }
}

extension CallManager {
    /// Edits a live call; called on its loop.
    nonisolated fileprivate func assumeIsolatedEdit(
        _ key: CallKey, _ change: @Sendable (inout CallRecord) -> Void
    ) -> CallRecord? {
        assumeIsolated { $0.edit(key, userID: nil, change) }
    }
}

extension MangoRecording {
    /// When it is tried again: five times after a minute, then twice as late each time up to an hour, for one day.
    mutating func retry(at now: WallTime) {
        let day: Int64 = 24 * 3_600_000
        guard let first = firstAttemptAt, now.milliseconds - first.milliseconds < day else {
            (state, nextAttemptAt) = (.failed, nil)
            return
        }
        let doublings = min(max(attempts - 5, 0), 6)
        nextAttemptAt = now + .seconds(min(60 << doublings, 3600))
    }
}
