package import Wire

/// Identifies one media leg: one browser connection or one SIP audio stream.
///
/// The control side makes the numbers; they are never reused while the process lives.
package struct MediaLegID: SerialID {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What call control asks of media: legs opened, joined, played to and closed.
///
/// Two implementations: `MediaPlane`, whose workers own real sockets, and TestKit's stand-in for simulations. Called
/// on the control loop only. Nothing here waits: what happens later comes as a `MediaEvent` in a turn of its own, in
/// the order in which the leg lived it.
package protocol MediaPort: AnyObject, Sendable {
    /// Binds an RTP/RTCP port pair of a family and answers the RTP address to put into SDP (RTCP is the next port).
    ///
    /// Legs with the same `call` share a worker; where two that are joined do not, packets cross from one to the other.
    func openSIPLeg(
        _ id: MediaLegID, call: UInt64, family: IPAddress.Family
    ) throws(MediaError) -> SocketAddress

    /// Makes an ICE-lite, DTLS-SRTP leg on the call's worker and answers what its SDP must say.
    func openBrowserLeg(_ id: MediaLegID, call: UInt64) throws(MediaError) -> BrowserTransport

    /// Answers fresh ICE credentials of ours for a browser that restarts ICE (RFC 8445 section 9); nil for other legs.
    ///
    /// To be followed by `configure` with the browser's new description. Media goes on over the old path until then.
    func restartICE(_ id: MediaLegID) -> BrowserTransport?

    /// Tells a leg whom it talks to and in which format; again after each offer/answer.
    ///
    /// Without effect when `remote` is of the other kind than the leg.
    func configure(_ id: MediaLegID, _ remote: RemoteMedia)

    /// Lets each leg hear the other, ending whatever either heard before.
    ///
    /// Audio is relayed untouched while both speak one codec, and transcoded while they speak two that we can decode and
    /// encode.
    func bridge(_ first: MediaLegID, _ second: MediaLegID)

    /// Lets a leg take part in a conference, ending whatever it heard before.
    ///
    /// Alone it hears music; two hear each other as if bridged; of more, each hears all others, mixed, and `.speaking`
    /// events say who speaks. Whatever changes what the leg hears ends its part.
    func confer(_ id: MediaLegID, in conference: ConferenceID)

    /// Ends the leg's bridge, conference or source; whom it was joined with then hears nothing of it.
    func unbridge(_ id: MediaLegID)

    /// Lets the leg hear a built-in source, ending its bridge.
    func play(_ source: MediaSource, to id: MediaLegID)

    /// Lets the leg hear a sound in place of its partner or source, which go on unheard; an earlier one ends.
    ///
    /// An `.announced` event follows when it has ended. It outlives bridges and sources that change meanwhile.
    func announce(_ announcement: Announcement, to id: MediaLegID)

    /// Ends an announcement; without effect where there is none.
    func stopAnnouncement(to id: MediaLegID)

    /// Drops, or lets pass again, what the leg sends: nobody hears it.
    func setMuted(_ id: MediaLegID, _ muted: Bool)

    /// Says how digits travel between a leg's peer and us; `.telephoneEvents` until it is called.
    ///
    /// Digits that one leg's peer sends reach its partner's in the partner's way, whichever way they came, and once. To
    /// a partner of mode `.none` nothing of them is passed on: the `.digit` event says that call control has to.
    func setDTMF(_ mode: DTMFMode, of id: MediaLegID)

    /// Sends digits (0–9, A–D, `*`, `#`) in the leg's way, one after the other; other characters are left out.
    func sendDigits(_ digits: String, to id: MediaLegID)

    /// Begins a recording; nil when there are as many as can be written.
    ///
    /// It has sound as soon as legs are heard on it, and silence until then. `ended` is called once, on the control loop,
    /// when the file is whole or nothing more can be written.
    func startRecording(
        _ order: RecordingOrder, ended: @escaping @Sendable (RecordingOutcome) -> Void
    ) -> RecordingID?

    /// Lets what a leg's peer says to others be heard on one side of a recording, and on no other recording; without a
    /// side on both, mixed with all who are heard like that.
    func record(_ id: MediaLegID, on recording: RecordingID, _ side: RecordingSide?)

    /// Lets a leg be silent on a recording, if it is this one.
    func endRecord(_ id: MediaLegID, on recording: RecordingID)

    /// Lets these legs hear the consent tone once, over whatever they hear, and the recording have it on both sides.
    ///
    /// For its fifth of a second a leg hears nothing else; what its peer says is relayed and recorded as ever.
    func soundConsentTone(on recording: RecordingID, to legs: [MediaLegID])

    /// Ends a recording; `ended` follows.
    func stopRecording(_ recording: RecordingID)

    /// Reads a piece of a recording, finished or not; `then` is called on the control loop, with nil when there is none.
    func readRecording(
        _ path: RecordingPath, _ range: ByteRange?, then: @escaping @Sendable (RecordingPiece?) -> Void)

    /// Begins an audio stream; nil when there are as many as can be served.
    ///
    /// It is silent until legs are on it. `then` is called on the control loop until the stream is closed.
    func openStream(_ order: AudioStreamOrder, then: @escaping (AudioStreamEvent) -> Void) -> AudioStreamID?

    /// Lets a stream hear what a leg's peer says, whoever else hears it, and with `hears` be heard by that peer in place of
    /// what else there is, as long as the stream speaks.
    func stream(_ id: MediaLegID, on stream: AudioStreamID, _ side: RecordingSide, hears: Bool)

    /// Takes a leg off a stream, if it is on this one.
    func endStream(_ id: MediaLegID, on stream: AudioStreamID)

    /// Queues what a stream says, in its encoding: up to a minute, the rest is dropped and told.
    func say(_ bytes: [UInt8], on stream: AudioStreamID)

    /// Queues a mark, told when what was said before it has been played.
    func mark(_ name: String, on stream: AudioStreamID)

    /// Drops what is queued; its marks are told.
    func clearSpeech(on stream: AudioStreamID)

    /// Ends a stream: nothing more is told of it.
    func closeStream(_ stream: AudioStreamID)

    /// Ends a leg: a `.closed` event with the final figures follows. Idempotent; its ports rest before reuse.
    func close(_ id: MediaLegID)

    /// Reads a leg's figures; `then` is called on the control loop, not at all for a leg that is not there.
    func statistics(of id: MediaLegID, then: @escaping @Sendable (LegStatistics) -> Void)
}

extension MediaPort {
    /// The same with an IPv4 address.
    package func openSIPLeg(_ id: MediaLegID, call: UInt64) throws(MediaError) -> SocketAddress {
        try openSIPLeg(id, call: call, family: .ipv4)
    }
}

/// Why a leg could not be opened.
package enum MediaError: Error, Hashable, Sendable {
    /// No RTP port pair is free (ports used a moment ago still rest).
    case portsExhausted
    /// Descriptions have no address of ours of this family to name.
    case noAddress(IPAddress.Family)
    /// A leg of this id is already open.
    case duplicateLeg
    /// The worker already holds as many legs as it can.
    case tooManyLegs
    /// The operating system refused; `errno` of the failed call.
    case system(errno: Int32)
}

/// What a leg can be made to hear in place of another leg.
///
/// Sounds are made in whatever the leg speaks. A leg of a codec that can only be carried hears nothing of them: its stream
/// rests, with reports going on, and is continued by the next bridge as after any pause. `echo` and `delay` send back what
/// came and work with every codec.
package enum MediaSource: Hashable, Sendable {
    /// The leg's own audio at once.
    case echo
    /// The leg's own audio three seconds later.
    case delay
    /// 1004 Hz at 0 dBm0, the digital milliwatt.
    case milliwatt
    /// Music on hold.
    case music
    /// Silence, so that the stream stays alive.
    case silence
    /// The tones of the configured country, over and over.
    case ringBack
    case busy
    case congestion
}

/// Names one conference; the control side makes the numbers.
package struct ConferenceID: SerialID {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names one announcement; the control side makes the numbers.
package struct AnnouncementID: SerialID {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A sound that somebody in a call is to hear.
package struct Announcement: Sendable {
    package let id: AnnouncementID
    package let sound: Sound
    /// Goes on until it is stopped.
    package let loops: Bool

    package init(id: AnnouncementID, sound: Sound, loops: Bool) {
        (self.id, self.sound, self.loops) = (id, sound, loops)
    }
}
