import CLinux
import Crypto
import DTLS
import Glibc
import RTP
import Reactor
import SDP
import Wire

@testable import Media

extension AudioEncoding {
    var codec: Codec {
        switch self {
        case .pcmu: .pcmu
        case .pcma: .pcma
        case .g722: .g722
        case .opus: .opus
        }
    }

    var payloadType: UInt8 { codec.staticPayloadType ?? 111 }
}

/// Two phones on one worker without a thread: packets are real, time is the test's.
struct VirtualTalk: ~Copyable {
    private var core: WorkerCore
    private let counters: CounterBlock
    let phones: [VirtualPhone]
    /// Milliseconds since the beginning.
    private(set) var time = 0
    private let start: Instant

    init(_ first: AudioEncoding, _ second: AudioEncoding) throws {
        let certificate = try Certificate.selfSigned(commonName: "test", now: WallTime(milliseconds: 0))
        let context = try DTLSContext(certificate: certificate)
        let browsers = try UDPSockets.bind(SocketAddress(ip: .loopbackIPv4, port: 0))
        let descriptors = WorkerDescriptors(
            poll: tandem_epoll_create(), wakeUp: -1, bell: -1, browsers: browsers, listener: -1)
        let phones = [try VirtualPhone(1, first), try VirtualPhone(2, second)]
        self.phones = phones
        var configuration = MediaConfiguration()
        configuration.bindAddress = .loopbackIPv4
        counters = CounterBlock()
        core = WorkerCore(descriptors, configuration, counters, context, Entropy(seed: 5))
        start = core.now
        for phone in phones {
            core.perform(.openSIP(phone.id, phone.sockets))
            configure(phone, phone.encoding)
        }
        core.perform(.bridge(phones[0].id, phones[1].id))
    }

    deinit { counters.free() }

    mutating func perform(_ command: WorkerCommand) { core.perform(command) }

    mutating func configure(
        _ phone: VirtualPhone, _ encoding: AudioEncoding, direction: MediaDirection = .sendrecv, events: UInt8? = 101
    ) {
        let stream = audio(encoding.codec, type: encoding.payloadType, events: events, direction: direction)
        core.perform(.configure(phone.id, .sip(rtp: phone.socket.address, rtcp: nil, mux: true, stream: stream)))
    }

    /// Lets time pass, 5 ms at a time; what the phones are sent is theirs to take.
    mutating func advance(_ milliseconds: Int) {
        for _ in 0..<milliseconds / 5 {
            time += 5
            core.now = start + .milliseconds(Int64(time))
            core.runTimers()
        }
    }

    /// Sends a packet and lets the worker take it.
    mutating func send(_ packet: [UInt8], from phone: VirtualPhone) {
        phone.socket.send(packet, to: phone.gateway)
        if let leg = core.legs[phone.id] { core.receiveFromSIP(leg) }
    }

    func statistics(of phone: VirtualPhone) -> LegStatistics? { core.legs[phone.id]?.pointee.statistics() }

    func value(_ counter: TranscodingCounter, _ from: AudioEncoding, _ to: AudioEncoding) -> UInt64 {
        counters.value(counter, TranscodingRoute(from: from, to: to))
    }

    var reports: [WorkerReport] { core.reports }

    var now: Instant { core.now }

    /// One phone speaks; answers what the other was sent.
    ///
    /// Of a hundred packets so many are lost, and each is up to `jitter` milliseconds late.
    mutating func speak(
        _ payloads: [[UInt8]], each duration: Int = 20, from speaker: Int = 0, loss: Int = 0, jitter: Int = 0,
        seed: UInt64 = 1
    ) -> [SeenPacket] {
        var entropy = Entropy(seed: seed)
        let (phone, listener) = (phones[speaker], phones[1 - speaker])
        let clock = phone.encoding.clockRate / 1000
        var waiting: [(at: Int, packet: [UInt8])] = []
        for (index, payload) in payloads.enumerated() {
            let packet = phone.stream.next(
                payload, type: phone.encoding.payloadType, step: clock * UInt32(duration))
            if loss > 0, Int.random(in: 0..<100, using: &entropy) < loss { continue }
            let late = jitter > 0 ? Int.random(in: 0...jitter, using: &entropy) : 0
            waiting.append((time + index * duration + late, packet))
        }
        var heard: [SeenPacket] = []
        let end = time + payloads.count * duration + 100
        while time < end {
            for next in waiting where next.at <= time { send(next.packet, from: phone) }
            waiting.removeAll { $0.at <= time }
            advance(5)
            heard += listener.take()
        }
        return heard
    }
}

/// A phone of a `VirtualTalk`.
final class VirtualPhone {
    let id: MediaLegID
    let encoding: AudioEncoding
    let socket: TestSocket
    let sockets: SIPSockets
    let gateway: SocketAddress
    var stream: TestStream

    init(_ number: UInt64, _ encoding: AudioEncoding) throws {
        (id, self.encoding) = (MediaLegID(rawValue: number), encoding)
        socket = try TestSocket(.loopbackIPv4)
        let anyPort = SocketAddress(ip: .loopbackIPv4, port: 0)
        let (rtp, rtcp) = (try UDPSockets.bind(anyPort), try UDPSockets.bind(anyPort))
        sockets = SIPSockets(rtp: rtp, rtcp: rtcp, family: .ipv4)
        gateway = SocketAddress(ip: .loopbackIPv4, port: UDPSockets.port(of: rtp))
        stream = TestStream(ssrc: UInt32(number) * 7919, sequence: 65_500, timestamp: .max - 4000)
    }

    deinit {
        Glibc.close(sockets.rtp)
        Glibc.close(sockets.rtcp)
    }

    /// The RTP packets that wait.
    func take() -> [SeenPacket] {
        var packets: [SeenPacket] = []
        while let bytes = socket.receive(milliseconds: 0) {
            guard !bytes.withUnsafeBytes({ $0.isRTCP }), let packet = SeenPacket(bytes) else { continue }
            packets.append(packet)
        }
        return packets
    }
}
