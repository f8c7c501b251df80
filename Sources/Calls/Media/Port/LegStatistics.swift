package import WebRTC
package import Wire

/// One leg's figures so far (RFC 3550 section 6.4 and appendix A), and what its packets met on their way.
package struct LegStatistics: Hashable, Sendable {
    /// What the peer sent and we accepted.
    package var packetsReceived: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// Of them, audio in which nothing is to be heard: digital silence.
    package var silentPackets: UInt64 = 0
    /// Reports by RTCP, whatever they say.
    package var reportsHeard: UInt64 = 0
    /// Somebody sent to it, whether that was wanted or not.
    var wasSentTo: Bool {
        packetsReceived + reportsHeard + refused.packets > 0 || srtpFailures != SRTPFailures()
    }
    /// What we sent to the peer.
    package var packetsSent: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// Packets of the peer that never arrived, by its sequence numbers, and in how many runs.
    package var packetsLost: UInt64 = 0
    package var gaps: UInt64 = 0
    /// Interarrival jitter of what the peer sends, smoothed.
    package var jitter: Duration = .zero
    /// What the peer's reports say of our stream; nil before the first report.
    package var remote: RemoteReport?
    /// Packets dropped because they came from somewhere else than the negotiated host.
    package var refused = RefusedSources()
    /// SRTP packets that were not opened.
    package var srtpFailures = SRTPFailures()
    /// When the peer's first and last RTP packet came; nil while there was none.
    package var firstPacketAt: Instant?
    package var lastPacketAt: Instant?
    /// The same for ours.
    package var firstSentAt: Instant?
    package var lastSentAt: Instant?
    /// Where the description of a SIP peer says its RTP comes from.
    package var announcedAddress: SocketAddress?
    /// The peer's address once latched (SIP) or nominated (browser).
    package var remoteAddress: SocketAddress?
    /// How far ICE and DTLS came; nil for SIP legs.
    @Sparse package var transport: TransportFacts?

    /// What becomes of the peer's audio on its way to the other leg; nil while it is relayed untouched, or to nobody.
    @Sparse package var transcoding: Transcoding?

    package init() {}

    package var packetsRefused: UInt64 { refused.packets }

    /// One direction of a pair that shares no encoding.
    package struct Transcoding: Hashable, Sendable {
        package let from: AudioEncoding
        package let to: AudioEncoding
        /// What the jitter buffer aims at.
        package var delay: Duration
        /// Frames of 20 ms made up for packets that were lost, late, or not sent in a silence.
        package var concealedFrames: UInt64
        /// Packets that came too late or twice.
        package var droppedPackets: UInt64

        package init(
            from: AudioEncoding, to: AudioEncoding, delay: Duration, concealedFrames: UInt64, droppedPackets: UInt64
        ) {
            (self.from, self.to, self.delay) = (from, to, delay)
            (self.concealedFrames, self.droppedPackets) = (concealedFrames, droppedPackets)
        }
    }

    /// The peer's view of what we send, from its receiver reports.
    package struct RemoteReport: Hashable, Sendable {
        package var packetsLost: Int
        /// Of the last interval, 0 … 1.
        package var fractionLost: Double
        package var jitter: Duration
        /// Nil while the peer has not answered one of our sender reports.
        package var roundTrip: Duration?
        package var heardAt: Instant

        package init(
            packetsLost: Int, fractionLost: Double, jitter: Duration, roundTrip: Duration?, heardAt: Instant
        ) {
            (self.packetsLost, self.fractionLost) = (packetsLost, fractionLost)
            (self.jitter, self.roundTrip, self.heardAt) = (jitter, roundTrip, heardAt)
        }
    }
}
