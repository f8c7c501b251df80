import Crypto
package import Media
package import Reactor
import SDP
package import Wire

/// Media without packets, for simulations: it keeps who is joined with whom, and lets a test cause events.
///
/// Lives on the simulated loop, which runs on the test's own thread.
package final class StandInMedia: MediaPort, @unchecked Sendable {
    // Touched on the simulated loop only, which is the test's thread.

    package private(set) var remotes: [MediaLegID: RemoteMedia] = [:]
    /// How often any leg was told something.
    package private(set) var configurations = 0
    package private(set) var partners: [MediaLegID: MediaLegID] = [:]
    package private(set) var sources: [MediaLegID: MediaSource] = [:]
    package private(set) var conferences: [MediaLegID: ConferenceID] = [:]
    package private(set) var announcements: [MediaLegID: Announcement] = [:]
    package private(set) var digits: [MediaLegID: String] = [:]
    package private(set) var modes: [MediaLegID: DTMFMode] = [:]
    package private(set) var muted: Set<MediaLegID> = []
    package private(set) var open: Set<MediaLegID> = []
    /// What each leg says when it is asked, and at its end; zeros unless a test has set it.
    package var figures: [MediaLegID: LegStatistics] = [:]
    package private(set) var recordings: [StandInRecording] = []
    package private(set) var tones: [StandInTone] = []
    package private(set) var streams: [AudioStreamOrder] = []
    /// What still tells somebody of it.
    package private(set) var openStreams: [AudioStreamID: (AudioStreamEvent) -> Void] = [:]
    package private(set) var streamed: [MediaLegID: StandInStreamed] = [:]
    package private(set) var said: [UInt8] = []
    /// Marks wait for `reachMarks`.
    package var keepsMarks = false
    private var keptMarks: [(stream: AudioStreamID, name: String)] = []
    /// Which legs are heard where.
    package private(set) var heard: [MediaLegID: StandInHeard] = [:]
    package var handler: (MediaEvent) -> Void = { _ in }
    /// SIP legs that may be open at once.
    package var capacity = Int.max
    private let loop: any EventLoop
    private let host: IPAddress
    private var opened: UInt16 = 0

    /// One for each family that is spoken.
    package var addresses: [IPAddress]

    package init(loop: any EventLoop, host: IPAddress) {
        (self.loop, self.host) = (loop, host)
        addresses = [host]
    }

    package func openSIPLeg(
        _ id: MediaLegID, call: UInt64, family: IPAddress.Family
    ) throws(MediaError) -> SocketAddress {
        guard open.count < capacity else { throw .portsExhausted }
        guard let address = addresses.first(where: { $0.family == family }) else { throw .noAddress(family) }
        guard open.insert(id).inserted else { throw .duplicateLeg }
        opened &+= 1
        return SocketAddress(ip: address, port: 20000 + opened % 5000 * 2)
    }

    package func openBrowserLeg(_ id: MediaLegID, call: UInt64) throws(MediaError) -> BrowserTransport {
        guard open.insert(id).inserted else { throw .duplicateLeg }
        return BrowserTransport(
            usernameFragment: "ufrag\(id.rawValue)", password: "password-of-22-characters",
            fingerprint: Fingerprint(.sha256, ofCertificate: [7]),
            candidates: [SocketAddress(ip: host, port: 30000)])
    }

    package func restartICE(_ id: MediaLegID) -> BrowserTransport? {
        guard open.contains(id) else { return nil }
        return BrowserTransport(
            usernameFragment: "again\(id.rawValue)", password: "another-password-of-22-characters",
            fingerprint: Fingerprint(.sha256, ofCertificate: [7]),
            candidates: [SocketAddress(ip: host, port: 30000)])
    }

    package func configure(_ id: MediaLegID, _ remote: RemoteMedia) {
        guard open.contains(id) else { return }
        configurations += 1
        remotes[id] = remote
    }

    package func bridge(_ first: MediaLegID, _ second: MediaLegID) {
        unbridge(first)
        unbridge(second)
        (partners[first], partners[second]) = (second, first)
    }

    package func unbridge(_ id: MediaLegID) {
        if let partner = partners.removeValue(forKey: id) { partners[partner] = nil }
        (sources[id], conferences[id]) = (nil, nil)
    }

    package func confer(_ id: MediaLegID, in conference: ConferenceID) {
        unbridge(id)
        conferences[id] = conference
    }

    package func play(_ source: MediaSource, to id: MediaLegID) {
        unbridge(id)
        sources[id] = source
    }

    package func announce(_ announcement: Announcement, to id: MediaLegID) {
        stopAnnouncement(to: id)
        announcements[id] = announcement
    }

    package func stopAnnouncement(to id: MediaLegID) { endAnnouncement(to: id, isWhole: false) }

    /// An announcement is over; a test says so when it was heard to its end.
    package func endAnnouncement(to id: MediaLegID, isWhole: Bool) {
        guard let announcement = announcements.removeValue(forKey: id) else { return }
        cause(.announced(id, announcement.id, isWhole: isWhole))
    }

    package func setMuted(_ id: MediaLegID, _ muted: Bool) {
        if muted { self.muted.insert(id) } else { self.muted.remove(id) }
    }

    package func setDTMF(_ mode: DTMFMode, of id: MediaLegID) { modes[id] = mode }

    package func sendDigits(_ digits: String, to id: MediaLegID) { self.digits[id, default: ""] += digits }

    package func startRecording(
        _ order: RecordingOrder, ended: @escaping @Sendable (RecordingOutcome) -> Void
    ) -> RecordingID? {
        let id = RecordingID(rawValue: UInt64(recordings.count + 1))
        recordings.append(StandInRecording(id: id, order: order, ended: ended))
        return id
    }

    package func record(_ id: MediaLegID, on recording: RecordingID, _ side: RecordingSide?) {
        guard open.contains(id) else { return }
        heard[id] = StandInHeard(recording: recording, side: side)
    }

    package func endRecord(_ id: MediaLegID, on recording: RecordingID) {
        if heard[id]?.recording == recording { heard[id] = nil }
    }

    package func soundConsentTone(on recording: RecordingID, to legs: [MediaLegID]) {
        tones.append(StandInTone(recording: recording, legs: legs, at: loop.now))
    }

    package func stopRecording(_ recording: RecordingID) { endRecording(recording, failure: nil) }

    /// Lets a recording end, in good order or not.
    package func endRecording(_ id: RecordingID, failure: RecordingFailure?, after duration: Duration = .seconds(2)) {
        guard let index = recordings.firstIndex(where: { $0.id == id && !$0.isOver }) else { return }
        recordings[index].isOver = true
        let recording = recordings[index]
        let outcome = RecordingOutcome(path: recording.order.path, duration: duration, failure: failure)
        loop.later { recording.ended(outcome) }
    }

    package func readRecording(
        _ path: RecordingPath, _ range: ByteRange?, then: @escaping @Sendable (RecordingPiece?) -> Void
    ) {
        guard recordings.contains(where: { $0.order.path == path }) else { return loop.later { then(nil) } }
        let file = Array("the sound of it".utf8)
        let wanted = (range ?? .from(0, through: nil)).resolved(in: file.count, longest: file.count) ?? 0..<0
        let piece = RecordingPiece(
            bytes: Array(file[wanted]), offset: wanted.lowerBound, total: file.count, format: path.format)
        loop.later { then(piece) }
    }

    package func openStream(
        _ order: AudioStreamOrder, then: @escaping (AudioStreamEvent) -> Void
    ) -> AudioStreamID? {
        streams.append(order)
        let id = AudioStreamID(rawValue: UInt64(streams.count))
        openStreams[id] = then
        return id
    }

    package func stream(_ id: MediaLegID, on stream: AudioStreamID, _ side: RecordingSide, hears: Bool) {
        guard open.contains(id), openStreams[stream] != nil else { return }
        streamed[id] = StandInStreamed(stream: stream, side: side, hears: hears)
    }

    package func endStream(_ id: MediaLegID, on stream: AudioStreamID) {
        if streamed[id]?.stream == stream { streamed[id] = nil }
    }

    /// Nobody listens: what is said is remembered, and every mark is reached at once.
    package func say(_ bytes: [UInt8], on stream: AudioStreamID) { said += bytes }

    package func mark(_ name: String, on stream: AudioStreamID) {
        if keepsMarks { return keptMarks.append((stream, name)) }
        loop.later { [weak self] in self?.openStreams[stream]?(.marked(name)) }
    }

    /// What was said before the marks that were kept has been played.
    package func reachMarks() {
        keepsMarks = false
        for (stream, name) in keptMarks { mark(name, on: stream) }
        keptMarks = []
    }

    package func clearSpeech(on stream: AudioStreamID) { said = [] }

    package func closeStream(_ stream: AudioStreamID) { openStreams[stream] = nil }

    package func close(_ id: MediaLegID) {
        guard open.remove(id) != nil else { return }
        streamed[id] = nil
        unbridge(id)
        (remotes[id], heard[id], announcements[id]) = (nil, nil, nil)
        cause(.closed(id, figures[id] ?? LegStatistics()))
    }

    package func statistics(of id: MediaLegID, then: @escaping @Sendable (LegStatistics) -> Void) {
        guard open.contains(id) else { return }
        let answer = figures[id] ?? LegStatistics()
        loop.later { then(answer) }
    }

    /// Lets something happen to a leg.
    package func cause(_ event: MediaEvent) {
        loop.later { [weak self] in self?.handler(event) }
    }
}

/// A leg that is on an audio stream.
package struct StandInStreamed: Equatable {
    package let stream: AudioStreamID
    package let side: RecordingSide
    package let hears: Bool
}

/// A recording that nobody writes.
package struct StandInRecording: Sendable {
    package let id: RecordingID
    package let order: RecordingOrder
    let ended: @Sendable (RecordingOutcome) -> Void
    package var isOver = false
}

/// A consent tone that was heard.
package struct StandInTone: Sendable {
    package let recording: RecordingID
    package let legs: [MediaLegID]
    package let at: Instant
}

package struct StandInHeard: Equatable {
    package let recording: RecordingID
    /// Nil: on both, with all others.
    package let side: RecordingSide?
}
