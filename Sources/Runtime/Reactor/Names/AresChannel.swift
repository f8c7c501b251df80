import CAres
import CUV
import DNS
import Glibc
import Wire

/// c-ares on the control loop: questions to name servers over its own UDP and TCP sockets, which the loop watches.
///
/// A socket being watched keeps the channel alive; when the loop stops, its watchers close, and the last one takes the
/// channel and its sockets with it, untold.
final class AresChannel {
    /// What c-ares holds of the channel, so that it can outlive the channel for the moment of its destruction.
    private final class Link {
        weak var channel: AresChannel?
    }

    /// One question c-ares works on.
    private final class Query {
        let kind: DNSRecordKind
        let link: Link
        let then: (DNSAnswer) -> Void

        init(_ kind: DNSRecordKind, _ link: Link, _ then: @escaping (DNSAnswer) -> Void) {
            (self.kind, self.link, self.then) = (kind, link, then)
        }
    }

    /// What a UDP answer may measure without being cut up on the way (RFC 6891, DNS flag day 2020).
    private static let datagramSize: Int32 = 1232
    private static let isLibraryReady = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS

    private let loop: ControlLoop
    private let channel: ares_channel
    private let link = Link()
    private var watchers: [Int32: PollWatcher] = [:]
    private var timer: LoopTimer?

    /// Nil when c-ares cannot begin; `servers` empty: those of `/etc/resolv.conf`.
    init?(on loop: ControlLoop, _ settings: NameServiceSettings) {
        guard Self.isLibraryReady, let channel = Self.open(settings, link) else { return nil }
        (self.loop, self.channel) = (loop, channel)
        link.channel = self
    }

    deinit { ares_destroy(channel) }

    /// Asks for records of one kind; `searching` tries the domains of `/etc/resolv.conf`, too, as for a host's name.
    ///
    /// The answer comes in a later turn.
    func query(_ question: DNSQuestion, searching: Bool, then: @escaping (DNSAnswer) -> Void) {
        let query = Unmanaged.passRetained(Query(question.kind, link, then)).toOpaque()
        let (family, type) = (Int32(1), Int32(question.kind.rawValue))
        let ask = searching ? ares_search : ares_query
        ask(channel, question.name, family, type, { AresChannel.answered($0, $1, $3, $4) }, query)
        rearm()
    }
}

// MARK: - Opening

extension AresChannel {
    private static func open(_ settings: NameServiceSettings, _ link: Link) -> ares_channel? {
        guard settings.servers.isEmpty else {
            guard let channel = make(settings, settings.servers.count, link) else { return nil }
            let list = settings.servers.map(\.description).joined(separator: ",")
            guard ares_set_servers_ports_csv(channel, list) == ARES_SUCCESS else {
                ares_destroy(channel)
                return nil
            }
            return channel
        }
        // How long one server may take depends on how many the system names.
        guard let first = make(settings, 1, link) else { return nil }
        let count = serverCount(first)
        guard count > 1 else { return first }
        ares_destroy(first)
        return make(settings, count, link)
    }

    private static func make(_ settings: NameServiceSettings, _ serverCount: Int, _ link: Link) -> ares_channel? {
        var options = ares_options()
        options.flags = ARES_FLAG_EDNS | ARES_FLAG_NOALIASES
        options.ednspsz = datagramSize
        options.tries = Int32(settings.tries)
        options.timeout = Int32(clamping: settings.firstTimeout(serverCount: serverCount).wholeMilliseconds)
        options.sock_state_cb = { AresChannel.socketChanged($0, $1, $2, $3) }
        options.sock_state_cb_data = Unmanaged.passUnretained(link).toOpaque()
        let mask =
            ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS | ARES_OPT_SOCK_STATE_CB
            | ARES_OPT_LOOKUPS
        var channel: ares_channel?
        // Names of the hosts file are ours to find.
        var lookups = Array("b\0".utf8CString)
        let status = lookups.withUnsafeMutableBufferPointer { lookups in
            options.lookups = lookups.baseAddress
            return ares_init_options(&channel, &options, mask)
        }
        return status == ARES_SUCCESS ? channel : nil
    }

    private static func serverCount(_ channel: ares_channel) -> Int {
        var list: UnsafeMutablePointer<ares_addr_port_node>?
        guard ares_get_servers_ports(channel, &list) == ARES_SUCCESS else { return 1 }
        defer { ares_free_data(list) }
        var count = 0
        var node = list
        while let current = node {
            count += 1
            node = current.pointee.next
        }
        return count
    }

}

// MARK: - Sockets and time

extension AresChannel {
    private static func socketChanged(
        _ data: UnsafeMutableRawPointer?, _ socket: Int32, _ readable: Int32, _ writable: Int32
    ) {
        guard let data else { return }
        let channel = Unmanaged<Link>.fromOpaque(data).takeUnretainedValue().channel
        channel?.watch(socket, readable: readable != 0, writable: writable != 0)
    }

    private func watch(_ socket: Int32, readable: Bool, writable: Bool) {
        guard readable || writable else {
            watchers.removeValue(forKey: socket)?.closeHandle()
            return
        }
        if watchers[socket] == nil {
            watchers[socket] = PollWatcher(socket, on: loop) { [self] in process(socket, readable: $0, writable: $1) }
        }
        watchers[socket]?.watch(readable: readable, writable: writable)
    }

    private func process(_ socket: Int32, readable: Bool, writable: Bool) {
        ares_process_fd(channel, readable ? socket : ARES_SOCKET_BAD, writable ? socket : ARES_SOCKET_BAD)
        rearm()
    }

    /// Wakes c-ares when its next question is due to be repeated or given up.
    private func rearm() {
        if let timer { loop.cancel(timer) }
        timer = nil
        var wait = timeval()
        guard ares_timeout(channel, nil, &wait) != nil else { return }
        let delay = Duration.seconds(wait.tv_sec) + .microseconds(wait.tv_usec)
        timer = loop.schedule(after: max(delay, .milliseconds(1))) { [weak self] in
            self?.process(ARES_SOCKET_BAD, readable: false, writable: false)
        }
    }
}

// MARK: - Answers

extension AresChannel {
    private static func answered(
        _ data: UnsafeMutableRawPointer?, _ status: Int32, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int32
    ) {
        guard let data else { return }
        let query = Unmanaged<Query>.fromOpaque(data).takeRetainedValue()
        guard let channel = query.link.channel else { return }
        let answer = read(status, UnsafeBufferPointer(start: bytes, count: max(0, Int(count))), query.kind)
        channel.loop.later { query.then(answer) }
    }

    private static func read(_ status: Int32, _ bytes: UnsafeBufferPointer<UInt8>, _ kind: DNSRecordKind) -> DNSAnswer {
        if status == ARES_SUCCESS {
            let message = try? DNSMessage(Array(bytes))
            return message?.answer(to: kind) ?? DNSAnswer(.malformed)
        }
        switch status {
        case ARES_ENODATA: return DNSAnswer(.noRecords)
        case ARES_ENOTFOUND: return DNSAnswer(.noSuchName)
        case ARES_ETIMEOUT: return DNSAnswer(.timedOut)
        case ARES_EREFUSED: return DNSAnswer(.refused)
        case ARES_ECONNREFUSED: return DNSAnswer(.unreachable)
        case ARES_EBADNAME, ARES_EBADQUERY: return DNSAnswer(.badName)
        case ARES_EBADRESP, ARES_EFORMERR: return DNSAnswer(.malformed)
        default: return DNSAnswer(.serverFailed)
        }
    }
}
