import CLinux
import Crypto
import DTLS
import Glibc
import Testing
import Wire

@testable import Media

/// A worker without its thread: the test says when it looks at a socket, so that what lies in the queue is known.
struct IdleWorker: ~Copyable {
    private var core: WorkerCore
    private let counters: CounterBlock
    private let sockets: SIPSockets
    /// Where the leg takes RTP.
    let gateway: SocketAddress

    /// Opens a SIP leg that expects `peer`; `control` is where it sends its reports.
    init(expecting peer: SocketAddress, reportingTo control: SocketAddress? = nil) throws {
        let certificate = try Certificate.selfSigned(commonName: "test", now: WallTime(milliseconds: 0))
        let context = try DTLSContext(certificate: certificate)
        let anyPort = SocketAddress(ip: .loopbackIPv4, port: 0)
        let (browsers, socket) = (try UDPSockets.bind(anyPort), try UDPSockets.bind(anyPort))
        let controlSocket = try UDPSockets.bind(anyPort)
        let descriptors = WorkerDescriptors(
            poll: tandem_epoll_create(), wakeUp: -1, bell: -1, browsers: browsers, listener: -1)
        var configuration = MediaConfiguration()
        configuration.bindAddress = .loopbackIPv4
        counters = CounterBlock()
        gateway = SocketAddress(ip: .loopbackIPv4, port: UDPSockets.port(of: socket))
        core = WorkerCore(descriptors, configuration, counters, context, Entropy(seed: 5))
        sockets = SIPSockets(rtp: socket, rtcp: controlSocket, family: .ipv4)
        core.perform(.openSIP(Self.id, sockets))
        core.perform(.configure(Self.id, .sip(rtp: peer, rtcp: control, mux: false, stream: audio())))
    }

    private static let id = MediaLegID(rawValue: 1)

    /// Lets the worker look at the leg's RTP socket as often as it would for so many datagrams.
    mutating func receive(times: Int) {
        guard let leg = core.legs[Self.id] else { return }
        for _ in 0..<times { core.receiveFromSIP(leg) }
    }

    mutating func play(_ source: MediaSource) { core.perform(.play(source, Self.id)) }

    /// Sends the report that is due next, at once.
    mutating func report() {
        guard let leg = core.legs[Self.id] else { return }
        leg.pointee.nextReportAt = .zero
        core.reportIfDue(leg)
    }

    func counter(_ counter: MediaCounter) -> UInt64 { counters.value(counter) }

    /// Ends the leg and answers its figures.
    mutating func finish() -> LegStatistics? {
        core.perform(.stop)
        for case .event(.closed(_, let figures)) in core.reports { return figures }
        return nil
    }

    deinit {
        counters.free()
        Glibc.close(sockets.rtp)
        Glibc.close(sockets.rtcp)
    }
}
