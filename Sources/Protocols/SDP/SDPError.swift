/// Why a description cannot be used.
///
/// All of them are the sender's fault: answer 400 or 488, or `error` on a socket.
package enum SDPError: Error, Hashable, Sendable {
    /// The first line is not `v=0`.
    case notSDP
    /// A line that is not `letter=value`, or has a control character inside. Lines count from 1.
    case malformedLine(Int)
    /// An m-line whose four parts cannot be read.
    case malformedMedia(line: Int)
    case tooLarge
    case tooMany(SDPLimit)
    /// No audio line can be used: all are refused, of another protocol, or lack what their protocol needs.
    case noUsableAudio
}

/// The parts of a description that may not grow without end.
package enum SDPLimit: Hashable, Sendable {
    case lines
    case media
    case attributes
    case formats
    case candidates

    package static let maximumBytes = 65_536

    /// How many of this part one description, or one of its media, may have.
    package var maximum: Int {
        switch self {
        case .lines: 2048
        case .media: 64
        case .attributes: 512
        case .formats: 128
        case .candidates: 128
        }
    }
}
