import Reactor
import Wire

/// The sound of a test call: silence goes out, what comes in is counted.
///
/// Many providers send nothing before they have heard something.
final class TestAudio {
    /// One packet's worth of G.711.
    private static let interval = Duration.milliseconds(20)
    private static let samples: UInt32 = 160
    private static let header = 12

    private let loop: any EventLoop
    private var socket: (any DatagramSocket)?
    private var destination: SocketAddress?
    private var payloadType: UInt8 = 8
    private var sequence: UInt16
    private var timestamp: UInt32
    private let source: UInt32
    private var timer: LoopTimer?
    /// RTP packets that came.
    private(set) var received = 0

    init(loop: any EventLoop, network: any Network, facing peer: IPAddress) throws(NetworkError) {
        self.loop = loop
        var entropy = loop.makeEntropy()
        sequence = UInt16.random(in: 0...0x7FFF, using: &entropy)
        timestamp = UInt32.random(in: 0 ... .max, using: &entropy)
        source = UInt32.random(in: 0 ... .max, using: &entropy)
        let any: IPAddress = peer.isIPv4 ? .anyIPv4 : .anyIPv6
        socket = try network.openDatagram(on: SocketAddress(ip: any, port: 0)) { [weak self] bytes, _ in
            // Version 2 of RTP, and nothing of RTCP's types (RFC 5761 section 4).
            guard bytes.count >= Self.header, bytes[0] >> 6 == 2, !(192...223).contains(bytes[1]) else { return }
            self?.received += 1
        }
    }

    var port: UInt16 { socket?.localAddress.port ?? 0 }

    /// Sends to where the far side listens from now on; `payloadType` is what it calls the codec.
    func send(to destination: SocketAddress, payloadType: UInt8) {
        (self.destination, self.payloadType) = (destination, payloadType)
        if timer == nil { tick() }
    }

    func close() {
        if let timer { loop.cancel(timer) }
        timer = nil
        socket?.close()
        socket = nil
    }

    private func tick() {
        guard let socket, let destination else { return }
        timer = loop.schedule(after: Self.interval) { [weak self] in self?.tick() }
        var packet = ByteWriter()
        packet.write(0x80 as UInt8)
        packet.write(payloadType & 0x7F)
        packet.write(sequence)
        packet.write(timestamp)
        packet.write(source)
        // Silence in A-law and µ-law.
        packet.write([UInt8](repeating: payloadType == 0 ? 0xFF : 0xD5, count: Int(Self.samples)))
        socket.send(packet.bytes, to: destination)
        sequence &+= 1
        timestamp &+= Self.samples
    }
}
