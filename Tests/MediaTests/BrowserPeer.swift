import Crypto
import DTLS
import ICE
import Media
import RTP
import Reactor
import SDP
import TestKit
import Wire

/// A browser with a real socket: full ICE, DTLS, and SRTP by the engine the gateway does not use by default.
final class BrowserPeer {
    let id: MediaLegID
    let socket: any PeerSocket
    var stream: TestStream
    private(set) var gateway: SocketAddress
    private let rig: MediaRig
    private let browser: ScriptedBrowser
    private var sender: SRTPSession?
    private var receiver: SRTPSession?
    private(set) var isClosed = false
    private var media: [[UInt8]] = []
    private let announced: Fingerprint
    private let agreed: NegotiatedAudio
    private var isNominated = false

    init(
        _ rig: MediaRig, call: UInt64 = 1, stream audio: NegotiatedAudio = audio(), seed: UInt64 = 77,
        profiles: [DTLS.SRTPProfile] = [.aeadAES128GCM, .aes128CMHMACSHA1Tag80], announcing other: Fingerprint? = nil,
        socket: (any PeerSocket)? = nil, overTCP: Bool = false
    ) throws {
        self.rig = rig
        let id = rig.makeID()
        self.id = id
        let transport = try rig.openBrowser(id, call: call)
        let reachable = transport.candidates[0]
        self.socket = try socket ?? (overTCP ? TestConnection(to: reachable) : TestSocket(.loopbackIPv4))
        let certificate = try Certificate.selfSigned(commonName: "browser", now: WallTime(milliseconds: 0))
        browser = ScriptedBrowser(
            context: try DTLSContext(certificate: certificate, profiles: profiles), localAddress: self.socket.address,
            seed: seed &+ id.rawValue)
        stream = TestStream(
            ssrc: UInt32(truncatingIfNeeded: id.rawValue &* 104_729), sequence: 100, timestamp: 77_000,
            payloadType: audio.receivePayloadType)
        let family = self.socket.address.ip.family
        gateway = transport.candidates.first { $0.ip.family == family } ?? reachable
        announced = other ?? browser.fingerprint
        agreed = audio
        describe()
        browser.connect(
            to: ScriptedBrowser.Peer(
                credentials: ICECredentials(ufrag: transport.usernameFragment, password: transport.password),
                candidates: transport.candidates, fingerprints: [transport.fingerprint]),
            now: SystemClock.now())
    }

    /// Restarts ICE as a page does whose network changed: fresh credentials both ways, the same DTLS association.
    func restartICE() throws {
        browser.refreshCredentials()
        let id = id
        guard let transport = rig.on({ $0.restartICE(id) }) else { throw RigError.notConnected }
        describe()
        browser.connect(
            to: ScriptedBrowser.Peer(
                credentials: ICECredentials(ufrag: transport.usernameFragment, password: transport.password),
                candidates: transport.candidates, fingerprints: [transport.fingerprint]),
            now: SystemClock.now())
        isNominated = false
        let deadline = SystemClock.now() + .seconds(10)
        while !isNominated, SystemClock.now() < deadline { pump(milliseconds: 20) }
        guard isNominated else { throw RigError.notConnected }
    }

    private func describe() {
        let (id, credentials, fingerprint, audio) = (id, browser.credentials, announced, agreed)
        rig.on {
            $0.configure(
                id,
                .browser(
                    usernameFragment: credentials.ufrag, password: credentials.password, fingerprints: [fingerprint],
                    setup: .active, stream: audio))
        }
    }

    /// Pumps until SRTP keys are there on both sides.
    func connect() throws {
        let deadline = SystemClock.now() + .seconds(10)
        while sender == nil, SystemClock.now() < deadline { pump(milliseconds: 20) }
        guard sender != nil, rig.hears(.connected(id)) else { throw RigError.notConnected }
    }

    /// Takes what came and does what time asks for.
    func pump(milliseconds: Int32) {
        drain()
        if let bytes = socket.receive(milliseconds: milliseconds) {
            browser.receive(bytes, from: gateway, now: SystemClock.now())
        }
        if browser.nextDeadline <= SystemClock.now() { browser.handleTimeout(now: SystemClock.now()) }
        drain()
    }

    private func drain() {
        while let output = browser.nextOutput() {
            switch output {
            case .transmit(let datagram): socket.send(datagram.bytes, to: datagram.destination)
            case .event(.connected(let keys)): start(keys)
            case .event(.media(let bytes, _)): media.append(bytes)
            case .event(.closed): isClosed = true
            case .event(.nominated): isNominated = true
            case .event: break
            }
        }
    }

    private func start(_ keys: SRTPKeys) {
        guard let profile = ProtectionProfile(rawValue: keys.profile.rawValue) else { return }
        sender = try? SRTPSession(
            .libsrtp2, profile, SRTPMasterKey(key: keys.send.key, salt: keys.send.salt), .outbound)
        receiver = try? SRTPSession(
            .libsrtp2, profile, SRTPMasterKey(key: keys.receive.key, salt: keys.receive.salt), .inbound)
    }

    func close() {
        browser.close()
        drain()
    }

    func send(_ payload: [UInt8], marker: Bool = false, type: UInt8? = nil, step: UInt32 = 160) {
        sendPlain(stream.next(payload, marker: marker, type: type, step: step))
    }

    /// Protects a whole packet and sends it.
    func sendPlain(_ packet: [UInt8]) { if let sealed = seal(packet) { socket.send(sealed, to: gateway) } }

    func seal(_ packet: [UInt8]) -> [UInt8]? {
        Self.inPlace(packet) { bytes, length in
            switch sender {
            case .none: nil
            case .some(let session): try? session.protect(bytes, length: length)
            }
        }
    }

    /// The next RTP packet that opens.
    func receive(milliseconds: Int32 = 5000) -> SeenPacket? {
        let deadline = SystemClock.now() + .milliseconds(Int64(milliseconds))
        repeat {
            while !media.isEmpty {
                if let packet = open(media.removeFirst()) { return packet }
            }
            pump(milliseconds: 5)
        } while SystemClock.now() < deadline || !media.isEmpty
        return nil
    }

    private func open(_ bytes: [UInt8]) -> SeenPacket? {
        guard !bytes.withUnsafeBytes({ $0.isRTCP }) else { return nil }
        let plain = Self.inPlace(bytes) { buffer, length in
            switch receiver {
            case .none: nil
            case .some(let session): try? session.unprotect(buffer, length: length)
            }
        }
        return plain.flatMap(SeenPacket.init)
    }

    static func inPlace(
        _ contents: [UInt8], _ operation: (UnsafeMutableRawBufferPointer, Int) -> Int?
    ) -> [UInt8]? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 16)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: contents)
        return operation(buffer, contents.count).map { Array(buffer[..<$0]) }
    }
}
