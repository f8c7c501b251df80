/// How a leg's peer and we tell each other digits.
package enum DTMFMode: Hashable, Sendable {
    /// As telephone-events (RFC 4733) where they were agreed on, and else not at all.
    case telephoneEvents
    /// As tones in the audio (ITU-T Q.23), for peers without telephone-event: G.711 and G.722 alone.
    case inBand
    /// Not by media: call control tells the peer, by INFO.
    case none
}
