package import Wire

/// What is known of one leg when somebody asks why nothing was heard.
///
/// Everything in it is bounded: a leg cannot make its call's diagnosis grow.
package struct LegFacts: Hashable, Sendable {
    /// Packets one way: how many, and when the first and the last.
    package struct Flow: Hashable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var firstAt: WallTime?
        package var lastAt: WallTime?

        package init() {}
    }

    /// Packets from an address that the leg did not expect.
    package struct Stranger: Hashable, Sendable {
        package var address: SocketAddress
        package var packets: UInt64

        package init(address: SocketAddress, packets: UInt64) { (self.address, self.packets) = (address, packets) }
    }

    /// SRTP packets that were not opened, by why.
    package struct Sealed: Hashable, Sendable {
        package var authentication: UInt64 = 0
        package var replayed: UInt64 = 0
        package var withoutKey: UInt64 = 0
        package var other: UInt64 = 0

        package init() {}
    }

    package let leg: Int
    package let kind: LegQuality.Kind
    /// Who is at the other end, as a person would say it: `phone 1002`, `user 7's page`, `trunk carrier`.
    package let party: String
    package var side: Leg.Side
    package var state: LegState
    /// The codec as negotiated; nil while there is none.
    package var codec: String?
    /// Media was agreed on in these ways, seen from us.
    package var sends = false
    package var receives = false
    /// How long both sides have been able to talk, up to now or the leg's end.
    package var upFor: Duration = .zero
    package var isSecured = false
    /// Its user wants not to be heard.
    package var isMuted = false
    /// Since its last packet, up to now or the leg's end; nil when none ever came.
    package var quietFor: Duration?
    /// Packets of its audio that are digital silence.
    package var silentPackets: UInt64 = 0
    /// Its RTCP reports, whatever they say.
    package var reportsHeard: UInt64 = 0

    package var received = Flow()
    package var sent = Flow()
    /// Where we take its packets: for a browser, the candidates we named.
    package var local: [SocketAddress] = []
    package var announced: SocketAddress?
    /// Where its description itself says so; `announced` is what we made of that.
    package var described: SocketAddress?
    /// Where media goes and comes from: latched (SIP) or selected by ICE.
    package var remote: SocketAddress?
    package var strangers: [Stranger] = []
    package var strangersPackets: UInt64 = 0
    package var srtpFailures = Sealed()
    package var transport: TransportState?
    package var quality: LegQuality
    package var curve = QualityCurve()

    package init(leg: Int, kind: LegQuality.Kind, party: String, side: Leg.Side, state: LegState) {
        (self.leg, self.kind, self.party) = (leg, kind, party)
        (self.side, self.state) = (side, state)
        quality = LegQuality(leg: leg, kind: kind)
    }
}

/// How far a browser's ICE and DTLS came.
package struct TransportState: Hashable, Sendable {
    package enum Handshake: String, Hashable, Sendable {
        case waiting
        case underWay = "under way"
        case connected
        case failed
        case closed
    }

    /// Why the handshake failed.
    package enum Failure: Hashable, Sendable {
        case fingerprintMismatch
        case refused(alert: UInt8)
        case noSRTPProfile
        case protocolViolation
        case timedOut
        case unavailable

        package var word: String {
            switch self {
            case .fingerprintMismatch: "fingerprint mismatch"
            case .refused: "refused by the browser"
            case .noSRTPProfile: "no SRTP profile in common"
            case .protocolViolation: "protocol violation"
            case .timedOut: "timed out"
            case .unavailable: "not available"
            }
        }
    }

    package var checks: UInt64 = 0
    package var firstCheckAt: WallTime?
    package var lastCheckAt: WallTime?
    package var validated: [SocketAddress] = []
    package var selected: SocketAddress?
    /// The selected path is a TCP connection: the browser's network lets no UDP pass.
    package var isOverTCP = false
    package var isConsentLost = false
    package var handshake = Handshake.waiting
    package var connectedAt: WallTime?
    /// We waited for the browser's ClientHello; else it waited for ours.
    package var isServer: Bool?
    package var failure: Failure?
    package var sentAlert: UInt8?

    package init() {}
}
