import CallModel
package import Media

/// Which calls are recorded without being asked (`RECORDING`).
package enum RecordingPolicy: String, Sendable, CaseIterable {
    case off
    case all
    case incoming
    case outgoing

    func wants(_ direction: CallDirection) -> Bool {
        switch self {
        case .off: false
        case .all: true
        case .incoming: direction == .incoming
        case .outgoing: direction == .outgoing
        }
    }
}

/// What is recorded, and as what.
package struct RecordingSettings: Sendable {
    package var policy = RecordingPolicy.off
    package var format = RecordingFormat.wav
    /// From one consent tone to the next (`RECORDING_TONE_S`); nil: none is heard unless a recording is to have it.
    package var toneInterval: Duration?

    package init() {}

    /// Where the operator has not said how often the tone sounds.
    private static let usualToneInterval = Duration.seconds(15)

    /// From one consent tone to the next, for a recording that is to have it, or not; nil: as the house has it.
    func toneInterval(_ isWanted: Bool?) -> Duration? {
        isWanted ?? (toneInterval != nil) ? toneInterval ?? Self.usualToneInterval : nil
    }
}

/// What a person wants of a call's recording.
package enum RecordingCommand: String, Sendable, CaseIterable {
    case start
    case stop
    /// Silence instead of what is said, so that a card number is not kept.
    case pause
    case resume
}

/// Where a call's recording is.
package enum RecordingState: String, Sendable {
    case recording
    case paused
    case stopped
    /// It ended before its time: the disk is full, or broken.
    case failed
}
