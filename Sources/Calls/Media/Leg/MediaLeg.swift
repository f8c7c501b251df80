import RTP
import SDP
import WebRTC
import Wire

/// A leg lives at a fixed place for as long as it is open; the relay goes from leg to leg by these.
typealias LegPointer = UnsafeMutablePointer<MediaLeg>

/// Which side of the gateway a leg is on.
enum LegKind {
    case browser
    case sip
    /// A leg that another worker serves.
    case tieLine
}

extension LegKind {
    /// How many there are.
    var counter: MediaCounter {
        switch self {
        case .browser: .browserLegs
        case .sip: .sipLegs
        case .tieLine: .standIns
        }
    }
}

extension RemoteMedia {
    /// The only legs it can be the far end of.
    var kind: LegKind {
        switch self {
        case .sip: .sip
        case .browser: .browser
        }
    }
}

/// Everything a worker knows about one leg.
///
/// Owned by its worker's table and reached by pointer: no reference is counted and no exclusivity checked while a
/// packet passes. Only the worker's thread touches it.
struct MediaLeg: ~Copyable {
    let id: MediaLegID
    let kind: LegKind

    // What each packet of the leg's peer asks for.
    /// Nil until the first `configure`.
    var formats: LegFormats?
    /// Who hears this leg, and whom it hears; itself for the echo.
    var partner: LegPointer?
    /// The payload types under which the partner gets audio and digits; `LegFormats.none`: not at all.
    var relaysAudioAs = LegFormats.none
    var relaysEventsAs = LegFormats.none
    /// Makes what the partner hears of this leg's audio while the two share no encoding.
    var transcoder: TranscoderPointer?
    /// Where what is said here goes to be recorded; the ring itself is `recording`'s.
    var tap: RecordingTap?
    /// The audio stream that hears it, and may speak to it.
    var stream: LegStreamPointer?
    /// Digits are looked for in the audio.
    var hearsTones = false
    /// The partner is told of this leg's digits by other means: the tones are not relayed to it.
    var withholdsTones = false
    var reception = ReceptionStatistics(clockRate: 8000)
    var inbound: SRTPSession?
    var packetsReceived: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var silentPackets: UInt64 = 0

    // What each packet to the leg's peer asks for.
    var outgoing: OutgoingStream
    var outbound: SRTPSession?
    var remote: KernelAddress?
    /// Where a browser's media goes when `remote` is nil: its network lets no UDP pass.
    var connection: ConnectionPointer?
    /// The RTP socket is connected to the one source it takes packets from.
    var isLatched = false
    /// A SIP leg whose packets are SRTP, both ways; without sessions nothing passes.
    var isSecured = false
    /// Digits of ours are going out: what the partner says waits.
    var isSendingDigits = false
    /// A leg of its own sockets; -1 for browsers.
    var socket: Int32 = -1
    var controlSocket: Int32 = -1
    /// The way to the worker that serves what this leg stands in for.
    var tieLine: TieLinePointer?
    /// Of a SIP leg's sockets.
    var family = IPAddress.Family.ipv4
    var packetsSent: UInt64 = 0
    var bytesSent: UInt64 = 0
    var firstSentAt = Instant.zero
    var lastSentAt = Instant.zero

    // What happens now and then.
    var isMuted = false
    /// A browser whose SRTP has not been seen yet.
    var awaitsMedia = false
    var hasTold = Told()
    /// Where the description says RTP comes from and goes to.
    var negotiated: SocketAddress?
    var remoteAddress: SocketAddress?
    var controlRemote: SocketAddress?
    var sharesPort = false
    /// What `inbound` and `outbound` of a SIP leg were made with.
    var keys: SDESKeys?
    var digitReceiver = TelephoneEventReceiver(clockRate: 8000)
    /// Each digit told moves this on by its interval; far ahead of the clock, no more are told.
    var digitsPaidUntil = Instant.zero
    var digitSender = TelephoneEventSender(clockRate: 8000)
    var dtmf = DTMFMode.telephoneEvents
    var toneQueue = DigitToneQueue()
    var detector: ToneDetector?
    var source: SourcePlayback?
    var conference: ConferencePointer?
    /// Its place in the mix, while the conference has more than two members.
    var seat: SeatPointer?
    var recording: LegRecording?
    /// Heard in place of the partner or the source, until it ends.
    var announcement: SoundPlayerPointer?
    var announcementID = AnnouncementID(rawValue: 0)
    /// Heard over everything else, for a moment.
    var interjection: SoundPlayerPointer?
    var browser: BrowserLeg?
    var ufrags: [String] = []
    /// The moment the browser's timer is set for.
    var timerDeadline = Instant.never
    var refused = RefusedSources()
    var srtpFailures = SRTPFailures()
    var remoteReport: LegStatistics.RemoteReport?
    var reportsHeard: UInt64 = 0
    let canonicalName: CanonicalName
    var nextReportAt = Instant.zero
    /// Packets sent when the last report went out, and the one before.
    var packetsSentAtReport: (last: UInt64, before: UInt64) = (0, 0)
    /// Octets of payload sent, for sender reports.
    var payloadSent: UInt32 = 0
    /// Silence is counted from here, or from the last packet.
    var listeningSince = Instant.zero
    /// Places in the worker's wheels.
    let houseSlot: Int
    var paceSlot: Int?

    /// What call control has been told already.
    struct Told {
        var connected = false
        var over = false
    }

    init(_ id: MediaLegID, _ kind: LegKind, houseSlot: Int, entropy: inout Entropy) {
        (self.id, self.kind, self.houseSlot) = (id, kind, houseSlot)
        outgoing = OutgoingStream(&entropy, clockRate: 8000)
        canonicalName = CanonicalName(&entropy)
    }

    deinit {
        recording?.ring.close()
        stream?.deinitialize(count: 1)
        stream?.deallocate()
        transcoder?.deinitialize(count: 1)
        transcoder?.deallocate()
        announcement?.deinitialize(count: 1)
        announcement?.deallocate()
        interjection?.deinitialize(count: 1)
        interjection?.deallocate()
        seat?.deinitialize(count: 1)
        seat?.deallocate()
        tieLine?.deinitialize(count: 1)
        tieLine?.deallocate()
        if case .sound(let player) = source {
            player.deinitialize(count: 1)
            player.deallocate()
        }
    }

    mutating func speak(_ formats: LegFormats) {
        self.formats = formats
        reception.setClockRate(formats.clockRate)
        outgoing.setClockRate(formats.clockRate)
        digitReceiver.setClockRate(formats.eventClockRate)
        digitSender.setClockRate(formats.eventClockRate)
    }

    /// What the leg's peer says reaches the partner.
    var isHeard: Bool { relaysAudioAs != LegFormats.none || transcoder != nil }

    /// What a stream says to its peer, if one may.
    var speech: SpeechPlayerPointer? { stream?.pointee.player }

    /// A stream is speaking to its peer.
    @inline(__always) var isSpokenTo: Bool { stream?.pointee.isSpeaking ?? false }

    /// Its peer hears what we make, frame by frame.
    var hearsFrames: Bool {
        source != nil || announcement != nil || interjection != nil || speech != nil || seat != nil
            || partner?.pointee.transcoder != nil
    }

    /// Digits, a sound of ours or a stream's speech are heard in place of what the partner says.
    @inline(__always) var isOverridden: Bool {
        isSendingDigits || announcement != nil || interjection != nil || isSpokenTo
    }

    /// Ends what it hears of ours in place of a partner.
    mutating func dropSource() {
        if case .sound(let player) = source {
            player.deinitialize(count: 1)
            player.deallocate()
        }
        source = nil
    }

    mutating func dropInterjection() {
        interjection?.deinitialize(count: 1)
        interjection?.deallocate()
        interjection = nil
    }

    mutating func dropSeat() {
        seat?.deinitialize(count: 1)
        seat?.deallocate()
        seat = nil
    }

    /// Ends what an audio stream hears and says here.
    mutating func dropStream() {
        stream?.deinitialize(count: 1)
        stream?.deallocate()
        stream = nil
    }

    /// The figures call control may ask for.
    func statistics() -> LegStatistics {
        var figures = LegStatistics()
        (figures.packetsReceived, figures.bytesReceived) = (packetsReceived, bytesReceived)
        (figures.silentPackets, figures.reportsHeard) = (silentPackets, reportsHeard)
        (figures.packetsSent, figures.bytesSent) = (packetsSent, bytesSent)
        (figures.packetsLost, figures.gaps) = (reception.lost, reception.gaps)
        figures.jitter = reception.jitterDuration
        figures.remote = remoteReport
        (figures.refused, figures.srtpFailures) = (refused, srtpFailures)
        figures.firstPacketAt = reception.firstAt
        figures.lastPacketAt = reception.firstAt == nil ? nil : reception.lastAt
        if packetsSent > 0 { (figures.firstSentAt, figures.lastSentAt) = (firstSentAt, lastSentAt) }
        (figures.announcedAddress, figures.remoteAddress) = (negotiated, remoteAddress)
        figures.transport = browser?.facts
        figures.transcoding = transcoder?.pointee.figures
        return figures
    }
}
