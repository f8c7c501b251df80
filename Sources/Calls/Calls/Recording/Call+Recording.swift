package import CallModel
package import Media
import Reactor
import SDP
import Telemetry
import Wire

/// A call's recording under way.
struct CallRecording {
    let id: RecordingID
    var isPaused = false
    /// Media legs that are heard on it.
    var legs: Set<MediaLegID> = []
    /// From one consent tone to the next; nil: there is none.
    let toneInterval: Duration?
    var toneTimer: LoopTimer?
    var state: RecordingState { isPaused ? .paused : .recording }

    init(id: RecordingID, toneInterval: Duration?) { (self.id, self.toneInterval) = (id, toneInterval) }
}

/// Recording a call: the caller's side on the left, whoever is called on the right.
///
/// The record names the file from the first moment, so that it is found after a crash, too.
extension Call {
    /// What pages and the API ask; repeating it changes nothing.
    ///
    /// `tone` says whether a recording that begins is to have the consent tone; nil: as the house has it. Throws
    /// `.invalidState` while a recorded conference hears the call: what is said there would be kept in spite of a pause.
    func obey(_ command: RecordingCommand, tone: Bool?, userID: Int64?) throws(CallError) {
        guard !isInRecordedConference else { throw .invalidState }
        switch command {
        case .start:
            guard recording == nil else { return resumeRecording(userID) }
            try startRecording(userID, tone: tone)
        case .stop:
            guard recording != nil else { throw .invalidState }
            stopRecording()
            tell(.stopped, userID)
        case .pause:
            guard recording != nil else { throw .invalidState }
            pauseRecording(userID)
        case .resume:
            guard recording != nil else { throw .invalidState }
            resumeRecording(userID)
        }
    }

    /// The parties have been joined: those who are new are heard, and a call that is to be recorded begins to be.
    func recordJoined() {
        if recording == nil, recordingsMade == 0, services.recording.policy.wants(live.record.direction) {
            do throws(CallError) {
                try startRecording(nil)
            } catch {
                logger.warn("call not recorded", [LogField("error", "\(error)")])
            }
        }
        hearNewLegs()
    }

    private func startRecording(_ userID: Int64?, tone: Bool? = nil) throws(CallError) {
        let hasBuiltIn = live.legs.contains { $0.party.isBuiltIn && $0.state.isOpen }
        guard live.record.state.isUp, !hasBuiltIn else { throw .invalidState }
        recordingsMade += 1
        let path = RecordingPath(
            call: uuid, at: loop.wallTime, part: recordingsMade, format: services.recording.format)
        let isWideband = links.values.contains { [.g722, .opus].contains($0.negotiated?.codec) }
        let started = services.media.startRecording(RecordingOrder(path: path, isWideband: isWideband)) { outcome in
            self.assumeIsolated { $0.recordingEnded(outcome) }
        }
        guard let started else { throw .capacityExceeded }
        recording = CallRecording(id: started, toneInterval: services.recording.toneInterval(tone))
        live.noteRecording(path: path.description)
        hearLegs()
        soundConsentTone()
        writeRecord()
        tell(.recording, userID)
    }

    private func pauseRecording(_ userID: Int64?) {
        guard recording?.isPaused == false else { return }
        recording?.isPaused = true
        silenceLegs()
        endConsentTone()
        tell(.paused, userID)
    }

    private func resumeRecording(_ userID: Int64?) {
        guard recording?.isPaused == true else { return }
        recording?.isPaused = false
        hearLegs()
        soundConsentTone()
        tell(.recording, userID)
    }

    /// Ends the recording with what was said until now; its outcome follows.
    func stopRecording() {
        guard let recording else { return }
        silenceLegs()
        endConsentTone()
        services.media.stopRecording(recording.id)
        self.recording = nil
    }

    /// Lets each leg that has media be heard on its side, unless a conference's recording hears them; answers the new ones.
    @discardableResult
    func hearLegs() -> [MediaLegID] {
        guard let recording, !recording.isPaused, !isInRecordedConference else { return [] }
        var new: [MediaLegID] = []
        for leg in live.legs where leg.state.isOpen && leg.side != .target {
            guard let link = links[leg.id], link.hasTransport, !recording.legs.contains(link.mediaID) else {
                continue
            }
            services.media.record(link.mediaID, on: recording.id, leg.side == .caller ? .left : .right)
            self.recording?.legs.insert(link.mediaID)
            new.append(link.mediaID)
        }
        return new
    }

    func silenceLegs() {
        guard let recording else { return }
        for leg in recording.legs { services.media.endRecord(leg, on: recording.id) }
        self.recording?.legs = []
    }

    /// The file is whole, or the disk did not take it; the call goes on, or is over already.
    private func recordingEnded(_ outcome: RecordingOutcome) {
        let isLatest = live.record.recordingPath == outcome.path.description
        if isLatest { live.noteRecorded(outcome.isThere ? loop.wallTime : nil) }
        outcome.tellGaps(to: logger)
        if let failure = outcome.failure {
            logger.error("recording failed", [LogField("failure", "\(failure)")])
            if isLatest, recording != nil {
                silenceLegs()
                endConsentTone()
                recording = nil
            }
        }
        live.touch(at: loop.wallTime)
        if outcome.failure != nil { tell(.failed, nil) }
        if live.phase == .over {
            tell(.recorded, with: [.recorded(callID: number, RecordedFile(live.record))])
        } else {
            services.store.write(CallChange(record: live.record))
            tell(.recorded)
        }
    }

    func tell(_ state: RecordingState, _ userID: Int64?) { tell(.recording(state, userID: userID)) }
}

extension RecordingOutcome {
    /// Says in the log what a slow disk cost.
    func tellGaps(to logger: Logger) {
        guard packetsDropped > 0 else { return }
        logger.warn("recording has gaps: the disk was too slow", [LogField("packets", packetsDropped)])
    }
}

extension CallRecord {
    /// The file that the record names is of the conference the call was in, and not of the call alone.
    ///
    /// A call's own files have its UUID for a name, and a conference's have one of their own.
    package var isRecordedWithOthers: Bool {
        guard let path = recordingPath.flatMap({ RecordingPath($0) }) else { return false }
        return path.call != uuid
    }
}

// What the manager is asked.
extension CallManager {
    /// Commands the recording of a live call.
    ///
    /// `tone` says whether a recording that begins is to have the consent tone; nil: as the house has it.
    package func record(
        _ key: CallKey, _ command: RecordingCommand, tone: Bool? = nil, userID: Int64?
    ) throws(CallError) -> CallRecord {
        if case .room(let room) = entry(key), room.isMirror { return try recordMirror(room, command) }
        return try self.command(key) { call throws(CallError) in
            try call.obey(command, tone: tone, userID: userID)
        }
    }

    /// Reads a piece of a call's recording; nil when there is none, or none any more.
    package func recording(of record: CallRecord, _ range: ByteRange?) async -> RecordingPiece? {
        guard let path = record.recordingPath.flatMap({ RecordingPath($0) }) else { return nil }
        return await withCheckedContinuation { continuation in
            services.media.readRecording(path, range) { continuation.resume(returning: $0) }
        }
    }
}
