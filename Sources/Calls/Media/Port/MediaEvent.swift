/// What media tells call control, each in a turn of its own on the control loop.
package enum MediaEvent: Hashable, Sendable {
    /// A browser's ICE and DTLS are up, or the first packet of a SIP leg came from its negotiated host. Once per leg.
    case connected(MediaLegID)
    /// The leg can never work; close it.
    case failed(MediaLegID, MediaFailure)
    /// The browser closed its end in good order (close_notify).
    case hungUp(MediaLegID)
    /// The leg worked and its path is gone: no consent for 30 s.
    case disconnected(MediaLegID)
    /// No packet for the media timeout although audio was agreed on both ways (never on hold).
    case timedOut(MediaLegID)
    /// A digit (0–9, A–D, `*`, `#`) that the leg's peer pressed, told when it ends: a telephone-event (RFC 4733) or, on a leg
    /// of mode `inBand`, a tone.
    case digit(MediaLegID, Character, milliseconds: Int)
    /// A member of a conference of more than two began to speak, or ceased to.
    case speaking(MediaLegID, Bool)
    /// An announcement to the leg ended: by itself (`isWhole`), or because it was stopped or another one took its place.
    case announced(MediaLegID, AnnouncementID, isWhole: Bool)
    /// The last event of a leg.
    case closed(MediaLegID, LegStatistics)
}

/// Why a browser leg never came up.
package enum MediaFailure: Hashable, Sendable {
    /// No authenticated connectivity check arrived in time.
    case iceTimeout
    /// The DTLS handshake failed or did not end in time.
    case handshakeFailed
    /// The peer's certificate is not the one its SDP announced (RFC 8122).
    case fingerprintMismatch
    /// DTLS came up without an SRTP profile we speak (RFC 5764).
    case noSRTPProfile
}
