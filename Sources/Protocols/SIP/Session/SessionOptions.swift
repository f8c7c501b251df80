/// What a session uses beyond RFC 3261.
package struct SessionOptions: Sendable, Equatable {
    /// Reliable provisional responses (RFC 3262).
    package enum Reliability: Sendable {
        /// Neither offered nor accepted: a peer that requires them is refused with 420.
        case off
        /// Used with a peer that knows them.
        case supported
        /// A peer that does not know them is refused with 421, or refuses us.
        case required
    }

    package var reliable: Reliability
    /// The session interval we ask for (RFC 4028), at least 90 s; nil: only when the peer asks for one.
    package var timer: Duration?

    package init(reliable: Reliability = .off, timer: Duration? = nil) {
        self.reliable = reliable
        self.timer = timer
    }
}

/// Option tags (RFC 3261 section 19.2) of what sessions know.
enum OptionTag {
    static let reliable = "100rel"
    static let timer = "timer"
    static let replaces = "replaces"
    static let noReferSubscription = "norefersub"

    /// What a Require may name; whether a session agrees is its options' business.
    static let all = [reliable, timer, replaces, noReferSubscription]
}

extension SessionOptions {
    /// What Supported always names.
    static let supportedTags = [OptionTag.timer, OptionTag.replaces, OptionTag.noReferSubscription]

    /// What Supported names.
    package var supportedTags: [String] {
        reliable == .off ? Self.supportedTags : [OptionTag.reliable] + Self.supportedTags
    }

    /// The session interval we ask for, in seconds.
    var interval: UInt32? {
        guard let seconds = timer?.components.seconds, seconds > 0 else { return nil }
        return UInt32(clamping: max(seconds, Int64(SessionRefresh.shortest)))
    }
}
