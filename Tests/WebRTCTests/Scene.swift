import Crypto
import DTLS
import ICE
import TestKit
import WebRTC
import Wire

/// A browser and our leg, joined in virtual time; nothing is lost unless `blocks` says so.
final class Scene {
    static let server = SocketAddress(ip: IPAddress(v4: 0xC633_6401), port: 7000)
    static let home = SocketAddress(ip: IPAddress(v4: 0xCB00_7105), port: 40_000)
    static let mobile = SocketAddress(ip: IPAddress(high: 0x2001_0DB8 << 32, low: 5), port: 40_001)

    static let homePath = RemotePath(home)
    static let mobilePath = RemotePath(mobile)

    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    let browser: ScriptedBrowser
    let leg: BrowserLeg
    var entropy: Entropy
    private(set) var legEvents: [BrowserLegEvent] = []
    private(set) var browserEvents: [ScriptedBrowser.Event] = []
    /// Datagrams for which this answers true vanish.
    var blocks: (_ bytes: [UInt8], _ source: SocketAddress) -> Bool = { _, _ in false }
    private let legContext: DTLSContext

    init(browserRole: DTLSRole = .client, isControlling: Bool = true, seed: UInt64 = 5) throws {
        entropy = Entropy(seed: seed)
        legContext = try Self.makeContext()
        leg = BrowserLeg(context: legContext, credentials: ICECredentials(from: &entropy))
        browser = ScriptedBrowser(
            context: try Self.makeContext(), localAddress: Self.home, seed: seed &+ 1, role: browserRole,
            isControlling: isControlling)
    }

    static func makeContext() throws -> DTLSContext {
        try DTLSContext(certificate: Certificate.selfSigned(commonName: "test", now: WallTime(milliseconds: 0)))
    }

    var browserDescription: RemotePeer {
        RemotePeer(credentials: browser.credentials, fingerprints: [browser.fingerprint])
    }

    /// Our description, as the browser reads it.
    var legDescription: ScriptedBrowser.Peer {
        ScriptedBrowser.Peer(
            credentials: leg.localCredentials, candidates: [Self.server], fingerprints: [legContext.fingerprint])
    }

    /// Exchanges descriptions and lets both sides connect.
    func connect(_ peer: RemotePeer? = nil) {
        leg.configure(peer ?? browserDescription, now: now)
        browser.connect(to: legDescription, now: now)
        pump()
    }

    /// Carries everything both ways until both sides are quiet.
    func pump() {
        var isMoving = true
        while isMoving {
            isMoving = false
            while let output = browser.nextOutput() {
                isMoving = true
                switch output {
                case .event(let event): browserEvents.append(event)
                case .transmit(let datagram): arrive(datagram.bytes, from: datagram.source)
                }
            }
            while let output = leg.nextOutput() {
                isMoving = true
                switch output {
                case .event(let event): legEvents.append(event)
                case .transmit(let bytes, let destination):
                    guard destination.address == browser.localAddress, !blocks(bytes, Self.server) else { continue }
                    browser.receive(bytes, from: Self.server, now: now)
                }
            }
        }
    }

    /// Hands the leg one datagram, sorted as a media worker would.
    func arrive(_ bytes: [UInt8], from source: SocketAddress) {
        guard !blocks(bytes, source) else { return }
        switch DatagramKind(bytes.span.bytes) {
        case .stun: leg.receiveSTUN(bytes.span.bytes, from: RemotePath(source), now: now)
        case .dtls: leg.receiveDTLS(bytes.span.bytes, from: RemotePath(source), now: now)
        case .rtp: leg.mediaArrived()
        case .other: break
        }
    }

    /// Lets time pass, deadline by deadline.
    func advance(_ duration: Duration) {
        let end = now + duration
        while min(leg.nextDeadline, browser.nextDeadline) <= end {
            now = max(now, min(leg.nextDeadline, browser.nextDeadline))
            leg.handleTimeout(now: now)
            browser.handleTimeout(now: now)
            pump()
        }
        now = end
    }

    var legKeys: SRTPKeys? {
        legEvents.lazy.compactMap { if case .connected(let keys, _) = $0 { keys } else { nil } }.last
    }
    var browserKeys: SRTPKeys? {
        browserEvents.lazy.compactMap { if case .connected(let keys) = $0 { keys } else { nil } }.last
    }
    var failure: BrowserLegFailure? {
        legEvents.lazy.compactMap { if case .failed(let failure) = $0 { failure } else { nil } }.last
    }
    var isConsentLost: Bool { legEvents.contains { if case .consentLost = $0 { true } else { false } } }
    var isClosed: Bool { legEvents.contains { if case .closed = $0 { true } else { false } } }
}
