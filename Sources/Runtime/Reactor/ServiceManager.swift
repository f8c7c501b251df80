import Glibc
package import Wire

/// Whoever started this process as a service and watches over it, such as systemd, and what it is told (sd_notify(3)).
///
/// Notices are datagrams to the Unix socket that `NOTIFY_SOCKET` names. Nothing waits and nothing fails: a notice for
/// which there is no room is lost, as one is that nobody hears.
package final class ServiceManager: Sendable {
    package enum Notice: Sendable, Equatable {
        /// The service does what it is for, for the first time or again.
        case ready
        /// Settings are being read again; `ready` follows. The time is the system's monotonic one.
        case reloading(at: Instant)
        case stopping
        /// Sent in time again and again, where a watchdog is wanted.
        case alive
        /// How the service is, in a few words for people.
        case status(String)
        /// What is under way, a start or a stop, may take that long from now.
        case extend(Duration)
    }

    private let descriptor: Int32
    /// What `sun_path` holds: a path, or a zero and a name that is in no file system (unix(7)).
    private let name: [UInt8]

    /// Nil when the address is neither a path nor `@` and an abstract name, or too long.
    package init?(address: String) {
        let bytes = Array(address.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
            (2..<Self.capacity).contains(bytes.count)
        else { return nil }
        name = first == UInt8(ascii: "@") ? [0] + bytes.dropFirst() : bytes
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Sends all of it as one datagram.
    package func tell(_ notices: Notice...) { tell(notices) }

    package func tell(_ notices: [Notice]) {
        guard !notices.isEmpty else { return }
        let text = Array(notices.map(\.text).joined(separator: "\n").utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = MemoryLayout<sockaddr_un>.size - Self.capacity + name.count
        _ = withUnsafeBytes(of: &address) { raw in
            sendto(
                descriptor, text, text.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL),
                raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(length))
        }
    }

    /// How often a watchdog wants to hear of us: twice in the time of `WATCHDOG_USEC`, which counts for the process of
    /// `WATCHDOG_PID` alone; nil when there is none.
    package static func watchdogInterval(microseconds: String?, process: String?, own: Int32 = getpid()) -> Duration? {
        if let process, process != "\(own)" { return nil }
        guard let text = microseconds, let time = ASCII.decimal(text.utf8, maximumDigits: 15), time > 1 else {
            return nil
        }
        return .microseconds(Int64(time / 2))
    }

    private static let capacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
}

extension ServiceManager.Notice {
    var text: String {
        switch self {
        case .ready: "READY=1"
        case .reloading(let time): "RELOADING=1\nMONOTONIC_USEC=\(time.nanoseconds / 1000)"
        case .stopping: "STOPPING=1"
        case .alive: "WATCHDOG=1"
        case .status(let words): "STATUS=\(words.replacing("\n", with: " "))"
        case .extend(let time): "EXTEND_TIMEOUT_USEC=\(time.wholeNanoseconds / 1000)"
        }
    }
}
