import CLinux
import DTLS
import Glibc
import RTP
import Reactor
import Wire

/// A worker's thread: sockets, legs and timers, all its own.
///
/// One turn waits for input, moves every packet that is there, takes the commands if there are any, does what time
/// asks for, sends what was gathered for browsers and hands its reports over. A packet that is relayed costs no
/// allocation, no lock and no reference count: legs are structs behind pointers, buffers come from a pool, and this
/// struct is never copied (a struct's own properties also need no exclusivity checks at run time).
struct WorkerCore: ~Copyable {
    let descriptors: WorkerDescriptors
    let configuration: MediaConfiguration
    let counters: CounterBlock
    let dtls: DTLSContext
    let digitTones = DigitTones.shared
    let isIPv6: Bool
    var entropy: Entropy
    /// Read once per turn.
    var now: Instant
    /// Civil time minus `now`, for RTCP.
    var civilOffset: UInt64 = 0
    var isStopping = false

    var pool = BufferPool()
    var queue = SendQueue()
    let received: UnsafeMutablePointer<tandem_datagram>
    var flows = FlowTable()
    var connections = BrowserConnections()
    var legs: [MediaLegID: LegPointer] = [:]
    var ufrags: [String: LegPointer] = [:]
    var conferences: [ConferenceID: ConferencePointer] = [:]
    /// By which ring each other worker says which tie lines have news.
    let news: [RingEnd]
    /// Stand-ins that took something in this turn, and the workers that are to be woken for it.
    var untold: [LegPointer] = []
    var bells: [Int32] = []
    var browserTimers = TimerQueue<MediaLegID>()
    /// The earliest of `browserTimers`, kept beside it because every turn asks and the queue's generic answer allocates.
    var nextBrowserTimer = Instant.never
    var wheels: WorkerWheels
    var reports: [WorkerReport] = []

    init(
        _ descriptors: WorkerDescriptors, _ configuration: MediaConfiguration, _ counters: CounterBlock,
        _ dtls: DTLSContext, _ entropy: Entropy, news: [RingEnd] = []
    ) {
        self.news = news
        (self.descriptors, self.configuration, self.counters) = (descriptors, configuration, counters)
        (self.dtls, self.entropy) = (dtls, entropy)
        isIPv6 = !configuration.browserBindAddress.isIPv4
        now = SystemClock.now()
        wheels = WorkerWheels(at: now)
        received = .allocate(capacity: Int(TANDEM_BATCH))
        received.initialize(repeating: tandem_datagram(), count: Int(TANDEM_BATCH))
    }

    deinit {
        received.deallocate()
        Glibc.close(descriptors.poll)
        Glibc.close(descriptors.browsers)
        Glibc.close(descriptors.listener)
        Glibc.close(connections.spare)
    }

    /// Tokens of what is neither leg nor connection; a leg's token is its address with the lowest bit set for its RTCP
    /// socket, a connection's its address with the second bit set.
    private enum Token {
        static let wakeUp: UInt64 = 0
        static let browsers: UInt64 = 1
        static let listener: UInt64 = 2
        static let bell: UInt64 = 3
    }

    private static let readyAtOnce = 256

    /// Lives until a `stop` command.
    mutating func run(
        commands: () -> [WorkerCommand], report: ([WorkerReport]) -> Void
    ) {
        for index in 0..<Int(TANDEM_BATCH) {
            received[index].bytes = pool.take().assumingMemoryBound(to: UInt8.self)
        }
        tandem_epoll_add(descriptors.poll, descriptors.wakeUp, Token.wakeUp)
        tandem_epoll_add(descriptors.poll, descriptors.browsers, Token.browsers)
        tandem_epoll_add(descriptors.poll, descriptors.listener, Token.listener)
        tandem_epoll_add(descriptors.poll, descriptors.bell, Token.bell)
        let tokens = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.readyAtOnce)
        defer { tokens.deallocate() }
        while !isStopping {
            let ready = tandem_epoll_wait(descriptors.poll, tokens, Int32(Self.readyAtOnce), timeout())
            now = SystemClock.now()
            counters.add(.wakeUps)
            var hasCommands = false
            for index in 0..<Int(max(0, ready)) {
                prefetch(after: index, tokens, Int(ready))
                switch tokens[index] {
                case Token.wakeUp: hasCommands = true
                case Token.browsers: receiveFromBrowsers()
                case Token.listener: acceptConnections()
                case Token.bell: receiveFromTieLines()
                case let token where token & Self.connectionBit != 0: serveConnection(token)
                case let token: receiveFromLeg(token)
                }
            }
            // More is ready than fits: the kernel names the sockets in turn, and the one that stands for all browsers
            // must not wait for each of the others.
            if ready == Self.readyAtOnce { receiveFromBrowsers() }
            // After the batch: a leg that is closed now has no event left in it.
            if hasCommands {
                tandem_eventfd_clear(descriptors.wakeUp)
                for command in commands() { perform(command) }
            }
            runTimers()
            flush()
            if !untold.isEmpty { tellOtherWorkers() }
            if !connections.closed.isEmpty { freeClosedConnections() }
            if !reports.isEmpty {
                report(reports)
                reports = []
            }
        }
    }

    @inline(__always)
    private mutating func receiveFromLeg(_ token: UInt64) {
        guard let leg = Self.leg(of: token) else { return }
        if token & 1 == 0 { receiveFromSIP(leg) } else { receiveControlFromSIP(leg) }
    }

    /// The leg that a token of a socket of its own names.
    @inline(__always)
    static func leg(of token: UInt64) -> LegPointer? {
        token & connectionBit == 0 ? LegPointer(bitPattern: UInt(token & ~1)) : nil
    }

    /// Watches a SIP leg's sockets.
    func watch(_ leg: LegPointer) {
        let token = UInt64(UInt(bitPattern: leg))
        tandem_epoll_add(descriptors.poll, leg.pointee.socket, token)
        tandem_epoll_add(descriptors.poll, leg.pointee.controlSocket, token | 1)
    }

    /// Lets everybody through to a SIP leg's RTP socket again.
    func unlatch(_ leg: LegPointer) {
        _ = tandem_udp_disconnect(leg.pointee.socket)
        // It may be another socket now.
        tandem_epoll_add(descriptors.poll, leg.pointee.socket, UInt64(UInt(bitPattern: leg)))
    }

    /// Leaves a SIP leg's sockets as they were given.
    func unwatch(_ leg: LegPointer) {
        tandem_epoll_remove(descriptors.poll, leg.pointee.socket)
        tandem_epoll_remove(descriptors.poll, leg.pointee.controlSocket)
        // One of IPv6 has no other leg after this one.
        if leg.pointee.isLatched, leg.pointee.family == .ipv4 { _ = tandem_udp_disconnect(leg.pointee.socket) }
    }

    /// Sends what was gathered for browsers.
    mutating func flush() {
        let refused = queue.flush(to: descriptors.browsers, into: &pool)
        if refused > 0 { counters.add(.sendFailures, refused) }
    }

    mutating func tell(_ event: MediaEvent) { reports.append(.event(event)) }
}
