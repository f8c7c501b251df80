import CLinux
import Crypto
import DTLS
import Glibc
import Reactor
import Wire

/// A media thread as the control side sees it: a mailbox in, reports out, counters to read.
///
/// The lock guards the mailbox alone and is taken once per wake-up that was asked for, never for a packet.
final class MediaWorker: Sendable {
    let index: Int
    /// Where all its browsers send to.
    let browserPort: UInt16
    let counters: CounterBlock
    private let mailbox = Locked<[WorkerCommand]>([])
    private let wakeUp: Int32
    /// Signalled by other workers when they have put something into a tie line of ours.
    private let bell: Int32
    /// What each worker tells us by, in their order.
    private let bells: [TieLineBell]
    private let thread = Locked<PlainThread?>(nil)

    /// Binds the browser port and starts the thread.
    ///
    /// `report` is called on the worker's thread.
    init(
        index: Int, _ configuration: MediaConfiguration, _ certificate: Certificate, entropy: Entropy,
        report: @escaping @Sendable ([WorkerReport]) -> Void
    ) throws(MediaError) {
        self.index = index
        guard let dtls = try? DTLSContext(certificate: certificate) else { throw .system(errno: EINVAL) }
        let context = HandedOver(dtls)
        let isSystemsChoice = configuration.browserPort == 0
        let wanted = isSystemsChoice ? 0 : configuration.browserPort &+ UInt16(truncatingIfNeeded: index)
        let sockets = try BrowserSockets(
            SocketAddress(ip: configuration.browserBindAddress, port: wanted), receiveBuffer: Self.receiveBuffer)
        browserPort = sockets.port
        wakeUp = tandem_eventfd()
        let bell = tandem_eventfd()
        self.bell = bell
        let bells = (0..<max(1, configuration.workers)).map { _ in TieLineBell(wakeUp: bell) }
        self.bells = bells
        let poll = tandem_epoll_create()
        guard wakeUp >= 0, bell >= 0, poll >= 0 else {
            let reason = errno
            for descriptor in [sockets.datagrams, sockets.listener, wakeUp, bell, poll] where descriptor >= 0 {
                Glibc.close(descriptor)
            }
            throw .system(errno: reason)
        }
        let descriptors = WorkerDescriptors(
            poll: poll, wakeUp: wakeUp, bell: bell, browsers: sockets.datagrams, listener: sockets.listener)
        let counters = CounterBlock()
        self.counters = counters
        thread.withLock {
            $0 = PlainThread(name: "media-\(index)") { [unowned self] in
                var core = WorkerCore(
                    descriptors, configuration, counters, context.value, entropy, news: bells.map(\.news.end))
                core.run(commands: { self.takeCommands() }, report: report)
            }
        }
    }

    deinit {
        // `stop` has joined the thread, which was the last to use them.
        Glibc.close(wakeUp)
        Glibc.close(bell)
        counters.free()
    }

    /// Room for a burst of all browsers of a busy worker.
    private static let receiveBuffer = 8 << 20

    /// By what a worker tells this one of its tie lines.
    func bell(of worker: MediaWorker) -> TieLineBell { bells[worker.index] }

    /// Queues a command; the thread takes it at its next wake-up.
    func post(_ command: WorkerCommand) { mailbox.withLock { $0.append(command) } }

    /// Wakes the thread if commands wait.
    func wake() {
        if mailbox.withLock({ !$0.isEmpty }) { tandem_eventfd_signal(wakeUp) }
    }

    /// Closes all legs and waits for the thread to end; idempotent.
    func stop() {
        post(.stop)
        wake()
        thread.withLock { $0 }?.join()
    }

    private func takeCommands() -> [WorkerCommand] {
        mailbox.withLock { box in
            defer { box = [] }
            return box
        }
    }
}

/// What a worker's thread waits on.
struct WorkerDescriptors: Sendable {
    let poll: Int32
    let wakeUp: Int32
    let bell: Int32
    let browsers: Int32
    let listener: Int32
}

/// The two sockets of a worker's browsers, UDP and TCP, of one port.
private struct BrowserSockets {
    let port: UInt16
    let datagrams: Int32
    let listener: Int32

    /// Port 0 is the system's choice, which knows one of the two protocols only: tried again where the other's is taken.
    private static let attempts = 8

    init(_ address: SocketAddress, receiveBuffer: Int) throws(MediaError) {
        var failure = MediaError.system(errno: EADDRINUSE)
        for _ in 0..<(address.port == 0 ? Self.attempts : 1) {
            let datagrams = try UDPSockets.bind(address, receiveBuffer: receiveBuffer)
            let port = address.port == 0 ? UDPSockets.port(of: datagrams) : address.port
            let listener = SocketAddress(ip: address.ip, port: port).withSockAddr { tandem_tcp_listen($0, $1) }
            if listener >= 0 {
                (self.port, self.datagrams, self.listener) = (port, datagrams, listener)
                return
            }
            failure = .system(errno: errno)
            Glibc.close(datagrams)
        }
        throw failure
    }
}

/// Bound UDP sockets as bare descriptors, the form workers use.
enum UDPSockets {
    static func bind(_ address: SocketAddress, receiveBuffer: Int = 0) throws(MediaError) -> Int32 {
        let descriptor = address.withSockAddr { tandem_udp_bind($0, $1, Int32(receiveBuffer)) }
        guard descriptor >= 0 else { throw .system(errno: errno) }
        return descriptor
    }

    /// The port the system chose.
    static func port(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let status = withUnsafeMutableBytes(of: &storage) { bytes in
            getsockname(
                descriptor, bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return status == 0 ? SocketAddress(storage).port : 0
    }
}
