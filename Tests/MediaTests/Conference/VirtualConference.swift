import CLinux
import Crypto
import DTLS
import Glibc
import Reactor
import SDP
import Wire

@testable import Media

/// Phones in one conference on a worker without a thread: packets are real, time is the test's.
struct VirtualConference: ~Copyable {
    private var core: WorkerCore
    private let counters: CounterBlock
    let phones: [VirtualPhone]
    private(set) var time = 0
    private let start: Instant
    static let id = ConferenceID(rawValue: 1)

    /// One phone for each encoding; all are in the conference, in order.
    init(_ encodings: [AudioEncoding]) throws {
        let certificate = try Certificate.selfSigned(commonName: "test", now: WallTime(milliseconds: 0))
        let context = try DTLSContext(certificate: certificate)
        let browsers = try UDPSockets.bind(SocketAddress(ip: .loopbackIPv4, port: 0))
        let descriptors = WorkerDescriptors(
            poll: tandem_epoll_create(), wakeUp: -1, bell: -1, browsers: browsers, listener: -1)
        let phones = try encodings.enumerated().map { try VirtualPhone(UInt64($0 + 1), $1) }
        self.phones = phones
        var configuration = MediaConfiguration()
        configuration.bindAddress = .loopbackIPv4
        counters = CounterBlock()
        core = WorkerCore(descriptors, configuration, counters, context, Entropy(seed: 5))
        start = core.now
        for phone in phones {
            core.perform(.openSIP(phone.id, phone.sockets))
            configure(phone, phone.encoding)
            core.perform(.confer(phone.id, Self.id))
        }
    }

    deinit { counters.free() }

    mutating func perform(_ command: WorkerCommand) { core.perform(command) }

    mutating func configure(_ phone: VirtualPhone, _ encoding: AudioEncoding, direction: MediaDirection = .sendrecv) {
        let stream = audio(encoding.codec, type: encoding.payloadType, direction: direction)
        core.perform(.configure(phone.id, .sip(rtp: phone.socket.address, rtcp: nil, mux: true, stream: stream)))
    }

    func value(_ counter: MediaCounter) -> UInt64 { counters.value(counter) }

    func transcodes(_ phone: VirtualPhone) -> Bool {
        core.legs[phone.id]?.pointee.statistics().transcoding != nil
    }

    /// Who began or ceased to speak, since the beginning.
    var speakers: [MediaEvent] {
        core.reports.compactMap { if case .event(.speaking(let id, let on)) = $0 { .speaking(id, on) } else { nil } }
    }

    /// Lets phones speak (by index) payloads of 20 ms, all at once; answers what each was sent.
    mutating func speak(_ speech: [Int: [[UInt8]]], milliseconds: Int) -> [[SeenPacket]] {
        var heard = [[SeenPacket]](repeating: [], count: phones.count)
        for step in 0..<milliseconds / 5 {
            for (index, payloads) in speech where step % 4 == 0 && step / 4 < payloads.count {
                send(packet(payloads[step / 4], from: phones[index]), from: phones[index])
            }
            advance(5)
            for (index, phone) in phones.enumerated() { heard[index] += phone.take() }
        }
        return heard
    }

    /// The next packet of a phone's stream.
    func packet(_ payload: [UInt8], from phone: VirtualPhone) -> [UInt8] {
        phone.stream.next(payload, type: phone.encoding.payloadType, step: phone.encoding.clockRate / 50)
    }

    /// Lets time pass, 5 ms at a time.
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
}

extension VirtualConference {
    /// Each of these phones speaks a tone of its own; answers what every phone hears, as samples.
    mutating func tones(_ frequencies: [Int: Double], seconds: Double, peak: Double = 6000) throws -> [[Double]] {
        var speech: [Int: [[UInt8]]] = [:]
        for (index, frequency) in frequencies {
            let sound = Sounds.tone(frequency, seconds: seconds, rate: .wideband, peak: peak)
            speech[index] = Sounds.payloads(sound, phones[index].encoding, .wideband)
        }
        let heard = speak(speech, milliseconds: Int(seconds * 1000))
        var samples: [[Double]] = []
        for (phone, packets) in zip(phones, heard) {
            var decoder = try Decoder(phone.encoding, .wideband)
            samples.append(packets.flatMap { decoder.decode($0.payload) })
        }
        return samples
    }
}
