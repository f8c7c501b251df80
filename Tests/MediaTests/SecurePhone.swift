import Media
import RTP
import SDP
import Wire

/// A phone that speaks SRTP with keys from its description, by the engine the gateway does not use by default.
final class SecurePhone {
    let phone: Phone
    private(set) var keys: SDESKeys
    private var sender: SRTPSession
    private var receiver: SRTPSession

    /// `keys` are the gateway's: the phone sends under what the gateway receives under.
    init(_ rig: MediaRig, _ keys: SDESKeys, ip: IPAddress = .loopbackIPv4) throws {
        self.keys = keys
        phone = try Phone(rig, ip: ip, stream: encrypted(keys))
        sender = try Self.session(keys.suite, keys.receive, .outbound)
        receiver = try Self.session(keys.suite, keys.send, .inbound)
    }

    /// Sends under another key from now on and, if wanted, tells the gateway.
    func rekey(_ key: MediaKey, announced: Bool = true) throws {
        keys = SDESKeys(suite: keys.suite, send: keys.send, receive: key)
        sender = try Self.session(keys.suite, key, .outbound)
        if announced { phone.describe(encrypted(keys)) }
    }

    private static func session(
        _ suite: CryptoSuite, _ key: MediaKey, _ direction: SRTPDirection
    ) throws -> SRTPSession {
        try SRTPSession(
            .libsrtp2, profile(suite), SRTPMasterKey(key: key.key, salt: key.salt), direction)
    }

    private static func profile(_ suite: CryptoSuite) -> ProtectionProfile {
        switch suite {
        case .aeadAES128GCM: .aeadAES128GCM
        case .aeadAES256GCM: .aeadAES256GCM
        case .aesCM128HMACSHA1_80: .aesCM128HMACSHA1_80
        case .aesCM128HMACSHA1_32: .aesCM128HMACSHA1_32
        }
    }

    func send(_ payload: [UInt8]) {
        let packet = phone.stream.next(payload)
        guard let sealed = BrowserPeer.inPlace(packet, { try? sender.protect($0, length: $1) }) else { return }
        phone.rtp.send(sealed, to: phone.gateway)
    }

    /// The next packet, when it opens.
    func receive(milliseconds: Int32 = 5000) -> SeenPacket? {
        phone.rtp.receive(milliseconds: milliseconds)
            .flatMap { BrowserPeer.inPlace($0) { try? receiver.unprotect($0, length: $1) } }.flatMap(SeenPacket.init)
    }

    /// The next RTCP packet on its own port, when it opens.
    func receiveReport() -> [UInt8]? {
        phone.rtcp.receive().flatMap { BrowserPeer.inPlace($0) { try? receiver.unprotectControl($0, length: $1) } }
    }

    func sendReport(_ packet: [UInt8]) {
        guard let sealed = BrowserPeer.inPlace(packet, { try? sender.protectControl($0, length: $1) }) else { return }
        let control = SocketAddress(ip: phone.gateway.ip, port: phone.gateway.port + 1)
        phone.rtcp.send(sealed, to: control)
    }
}

/// G.711 under keys.
func encrypted(_ keys: SDESKeys) -> NegotiatedAudio {
    var stream = audio()
    stream.crypto = keys
    return stream
}

/// Keys made of one seed.
func makeKeys(_ suite: CryptoSuite, seed: UInt64) -> SDESKeys {
    var entropy = Entropy(seed: seed)
    return SDESKeys(suite: suite, send: makeKey(suite, &entropy), receive: makeKey(suite, &entropy))
}

func makeKey(_ suite: CryptoSuite, _ entropy: inout Entropy) -> MediaKey {
    MediaKey(key: entropy.bytes(suite.keyLength), salt: entropy.bytes(suite.saltLength))
}
