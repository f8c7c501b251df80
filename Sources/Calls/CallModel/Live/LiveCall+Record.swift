package import Wire

/// Changes to the record that are no inputs of the machine.
extension LiveCall {
    /// Counts a change: a write of an older version never replaces a newer one.
    package mutating func touch(at moment: WallTime) {
        record.version += 1
        record.updatedAt = moment
    }

    package mutating func noteSIPCallID(_ id: String) { record.sipCallID = id }

    package mutating func noteQuality(_ quality: CallQuality) { record.quality = quality.isEmpty ? nil : quality }

    package mutating func noteMuted(_ muted: Bool) { record.isMuted = muted }

    /// A recording has begun that will be found there, below the data folder.
    package mutating func noteRecording(path: String) {
        record.recordingPath = path
        record.recordingURL = "/api/v1/calls/\(record.uuid)/recording"
        record.recordingProcessedAt = nil
    }

    /// The recording is whole; nil: there is none after all.
    package mutating func noteRecorded(_ moment: WallTime?) {
        record.recordingProcessedAt = moment
        if moment == nil { (record.recordingPath, record.recordingURL) = (nil, nil) }
    }

    /// Lets people write on the record; what the machine owns stays as it is.
    package mutating func edit(_ change: (inout CallRecord) -> Void) {
        let before = record
        change(&record)
        (record.id, record.uuid, record.version) = (before.id, before.uuid, before.version)
        (record.state, record.endReason, record.duration) = (before.state, before.endReason, before.duration)
        (record.startedAt, record.ringingAt) = (before.startedAt, before.ringingAt)
        (record.answeredAt, record.endedAt) = (before.answeredAt, before.endedAt)
    }

    /// Both sides have said yes, and an offer is outstanding.
    package var isJoining: Bool { if case .joining = phase { true } else { false } }

    package var isTransferring: Bool { if case .transferring = phase { true } else { false } }

    /// Whether a page of the user (of anybody, for nil) is being shown the call.
    package func hasUnansweredPage(of userID: Int64?) -> Bool {
        legs.contains { leg in
            leg.party.isBrowser && [.calling, .ringing].contains(leg.state)
                && (userID == nil || leg.party.userID == userID)
        }
    }
}
