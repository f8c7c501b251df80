import Wire

/// Identifies one recording while it runs; never reused while the process lives.
package struct RecordingID: SerialID {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The channel of a recording on which a leg is heard.
package enum RecordingSide: Hashable, Sendable, CaseIterable {
    /// The caller.
    case left
    /// The called party.
    case right
}

/// What is to be recorded where.
package struct RecordingOrder: Hashable, Sendable {
    package let path: RecordingPath
    /// Samples at 16 kHz instead of 8: one of the parties speaks more than G.711.
    package let isWideband: Bool

    package init(path: RecordingPath, isWideband: Bool) { (self.path, self.isWideband) = (path, isWideband) }
}

/// How a recording ended.
package struct RecordingOutcome: Hashable, Sendable {
    package let path: RecordingPath
    package let duration: Duration
    /// Nil: it was stopped.
    package let failure: RecordingFailure?
    /// What is missing, because the disk was too slow.
    package let packetsDropped: UInt64

    package init(path: RecordingPath, duration: Duration, failure: RecordingFailure?, packetsDropped: UInt64 = 0) {
        (self.path, self.duration, self.failure) = (path, duration, failure)
        self.packetsDropped = packetsDropped
    }

    /// There is a file, whole or cut short.
    package var isThere: Bool { failure == nil || duration > .zero }
}

/// Why a recording could not go on.
package enum RecordingFailure: Error, Hashable, Sendable {
    /// The file could not be made: `errno`.
    case notCreated(Int32)
    /// The system did not take what was to be written: `errno`.
    case notWritten(Int32)
    /// Recordings under way fill all the room they are given.
    case noRoom
    /// The file has reached the size that its format can say.
    case tooLong
    case outOfMemory
}

/// A piece of a recording, for whoever listens to it.
package struct RecordingPiece: Hashable, Sendable {
    package let bytes: [UInt8]
    /// Where the piece begins.
    package let offset: Int
    /// Bytes of the whole file.
    package let total: Int
    package let format: RecordingFormat

    package init(bytes: [UInt8], offset: Int, total: Int, format: RecordingFormat) {
        (self.bytes, self.offset, self.total, self.format) = (bytes, offset, total, format)
    }
}

/// Which bytes of a file are wanted (RFC 9110 section 14.1.2).
package enum ByteRange: Hashable, Sendable {
    case from(Int, through: Int?)
    case last(Int)

    /// The bytes of a file of so many; nil when there are none of them.
    ///
    /// A range never spans more than `longest`.
    package func resolved(in total: Int, longest: Int) -> Range<Int>? {
        switch self {
        case .from(let first, let last):
            guard first >= 0, first < total, last ?? first >= first else { return nil }
            return first..<min(total, min(last ?? (total - 1), first + longest - 1) + 1)
        case .last(let count):
            guard count > 0, total > 0 else { return nil }
            let first = max(0, total - count)
            return first..<min(total, first + longest)
        }
    }
}
