import CallModel
package import Media
import Reactor
import Telemetry
import Wire

/// Recording conferences: everybody who is there, mixed.
///
/// The file is found by the room while the program runs, and ever after by the records of the calls that were in it.
extension CallManager {
    /// Begins to record all who are in a conference; repeating it changes nothing.
    ///
    /// `tone` says whether they are to hear the consent tone; nil: as the house has it. Throws `.invalidState` while nobody
    /// is there, and `.capacityExceeded` when there are as many recordings as can be written.
    package func startConferenceRecording(
        _ name: String, tone: Bool?, userID: Int64?
    ) throws(CallError) -> ConferenceStatus {
        let before = try conferenceStatus(name)
        guard let conference = conferences[name] else { throw .invalidState }
        guard conference.recording == nil else { return before }
        let path = RecordingPath(call: newUUID(), at: loop.wallTime, part: 1, format: services.recording.format)
        let order = RecordingOrder(path: path, isWideband: true)
        let started = services.media.startRecording(order) { [weak self] outcome in
            self?.assumeIsolated { $0.conferenceRecordingEnded(name, outcome) }
        }
        guard let started else { throw .capacityExceeded }
        let interval = services.recording.toneInterval(tone)
        conferences[name]?.recording = ConferenceRecording(id: started, path: path, toneInterval: interval)
        conferenceRecordings[name] = path
        for member in conference.members { record(member, of: name, userID) }
        soundConsentTone(inConference: name)
        return try conferenceStatus(name)
    }

    /// Throws `.invalidState` when it is not recorded.
    package func stopConferenceRecording(_ name: String, userID: Int64?) throws(CallError) -> ConferenceStatus {
        _ = try conferenceStatus(name)
        guard let recording = conferences[name]?.recording else { throw .invalidState }
        endConferenceRecording(name, .stopped, userID)
        services.media.stopRecording(recording.id)
        return try conferenceStatus(name)
    }

    /// Reads a piece of a conference's latest recording; nil when there is none, or none any more.
    package func conferenceRecording(_ name: String, _ range: ByteRange?) async -> RecordingPiece? {
        guard let path = conferenceRecordings[name] else { return nil }
        return await withCheckedContinuation { continuation in
            services.media.readRecording(path, range) { continuation.resume(returning: $0) }
        }
    }

    /// A member is there, or talks over another leg from now on; who was not heard before hears the tone at once.
    func recordEntered(_ member: Conference.Member, of name: String) {
        guard let leg = record(member, of: name) else { return }
        soundConsentTone(inConference: name, to: leg)
    }

    /// Answers the member's media leg, if it was not heard before.
    @discardableResult
    private func record(_ member: Conference.Member, of name: String, _ userID: Int64? = nil) -> MediaLegID? {
        guard let recording = conferences[name]?.recording else { return nil }
        let mediaID = member.call.assumeIsolated { call in
            call.conferenceIsRecorded(recording.path, userID)
            return call.links[member.leg]?.mediaID
        }
        guard let mediaID else { return nil }
        services.media.record(mediaID, on: recording.id, nil)
        return conferences[name]?.note(member.call, heardLeg: mediaID) == true ? mediaID : nil
    }

    /// A member has left; with the last one the recording ends.
    func endRecord(_ member: Conference.Member, of name: String) {
        guard let conference = conferences[name], let recording = conference.recording else { return }
        member.call.assumeIsolated { call in
            if let link = call.links[member.leg] { services.media.endRecord(link.mediaID, on: recording.id) }
            call.conferenceIsNotRecorded(recording.path, .stopped, nil)
        }
        guard conference.members.isEmpty else { return }
        endConferenceRecording(name, .stopped, nil)
        services.media.stopRecording(recording.id)
    }

    private func endConferenceRecording(_ name: String, _ state: RecordingState, _ userID: Int64?) {
        guard let conference = conferences[name], let recording = conference.recording else { return }
        if let timer = recording.toneTimer { loop.cancel(timer) }
        conferences[name]?.recording = nil
        for member in conference.members {
            member.call.assumeIsolated { call in
                if let link = call.links[member.leg] { services.media.endRecord(link.mediaID, on: recording.id) }
                call.conferenceIsNotRecorded(recording.path, state, userID)
            }
        }
    }

    /// The file is whole, or the disk did not take it; the conference goes on, or is over already.
    private func conferenceRecordingEnded(_ name: String, _ outcome: RecordingOutcome) {
        let logger = services.logger.with(LogField("conference", name))
        outcome.tellGaps(to: logger)
        if !outcome.isThere { forgetRecording(outcome.path, of: name) }
        guard let failure = outcome.failure else { return }
        logger.error("recording failed", [LogField("failure", "\(failure)")])
        if conferences[name]?.recording?.path == outcome.path { endConferenceRecording(name, .failed, nil) }
    }

    /// Nothing was written: neither the room nor a live call that was there names the file.
    private func forgetRecording(_ path: RecordingPath, of name: String) {
        if conferenceRecordings[name] == path { conferenceRecordings[name] = nil }
        for case .call(let call) in calls.values { call.assumeIsolated { $0.forgetRecording(path) } }
    }

    func soundConsentTone(inConferenceOf call: Call, to leg: MediaLegID) {
        for (name, conference) in conferences where conference.member(call)?.heardLeg == leg {
            soundConsentTone(inConference: name, to: leg)
        }
    }

    private func soundConsentTone(inConference name: String, to leg: MediaLegID) {
        guard let recording = conferences[name]?.recording, recording.toneInterval != nil else { return }
        services.media.soundConsentTone(on: recording.id, to: [leg])
    }

    private func soundConsentTone(inConference name: String) {
        guard let conference = conferences[name], let recording = conference.recording,
            let interval = recording.toneInterval
        else { return }
        let legs = conference.members.compactMap { member in
            member.call.assumeIsolated { $0.links[member.leg]?.mediaID }
        }
        services.media.soundConsentTone(on: recording.id, to: legs)
        conferences[name]?.recording?.toneTimer = loop.schedule(after: interval) { [weak self] in
            self?.assumeIsolated { $0.soundConsentTone(inConference: name) }
        }
    }
}

extension Call {
    /// The conference this call is in is recorded: the record names the file, and everybody is told.
    ///
    /// A leg is heard on one recording at a time: that of the call, which keeps its place in the record, is silent meanwhile.
    func conferenceIsRecorded(_ path: RecordingPath, _ userID: Int64?) {
        guard !isInRecordedConference else { return }
        isInRecordedConference = true
        silenceLegs()
        if live.record.recordingPath == nil || live.record.isRecordedWithOthers {
            live.noteRecording(path: path.description)
            writeRecord()
        }
        tell(.recording, userID)
    }

    func forgetRecording(_ path: RecordingPath) {
        guard live.record.recordingPath == path.description else { return }
        live.noteRecorded(nil)
        writeRecord()
    }

    /// It is so no longer, or the call has left; a recording of the call's own hears it again.
    func conferenceIsNotRecorded(_ path: RecordingPath, _ state: RecordingState, _ userID: Int64?) {
        isInRecordedConference = false
        hearNewLegs()
        if live.record.recordingPath == path.description {
            live.noteRecorded(loop.wallTime)
            writeRecord()
        }
        tell(recording?.state ?? state, userID)
    }
}
