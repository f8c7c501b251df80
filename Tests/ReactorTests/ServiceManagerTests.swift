import Glibc
import Reactor
import Testing
import Wire

/// What a service manager is told by datagrams (sd_notify(3)).
struct ServiceManagerTests {
    /// The socket that a service manager listens on.
    private final class Listener {
        let descriptor: Int32
        private let file: String?

        init(name: [UInt8], file: String? = nil) throws {
            self.file = file
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var limit = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            let length = socklen_t(2 + name.count)
            let status = withUnsafeBytes(of: &address) { raw in
                bind(descriptor, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, length)
            }
            try #require(status == 0)
        }

        deinit {
            close(descriptor)
            if let file { unlink(file) }
        }

        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    }

    @Test func `notices reach a socket in the file system, those of one time together`() throws {
        let path = "/tmp/tandem-notify-\(getpid()).socket"
        let listener = try Listener(name: Array(path.utf8), file: path)
        let manager = try #require(ServiceManager(address: path))
        manager.tell(.ready)
        #expect(listener.next() == "READY=1")
        manager.tell(.stopping, .extend(.seconds(85)))
        #expect(listener.next() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=85000000")
        manager.tell(.alive, .status("two\nlines"))
        #expect(listener.next() == "WATCHDOG=1\nSTATUS=two lines")
        manager.tell(.reloading(at: Instant(nanoseconds: 5_000_999)))
        #expect(listener.next() == "RELOADING=1\nMONOTONIC_USEC=5000")
    }

    @Test func `notices reach an abstract socket`() throws {
        let name = "tandem-notify-\(getpid())"
        let listener = try Listener(name: [0] + name.utf8)
        try #require(ServiceManager(address: "@" + name)).tell(.ready)
        #expect(listener.next() == "READY=1")
    }

    @Test func `a socket that nobody reads, or that is gone, is no reason to wait`() throws {
        let name = "tandem-full-\(getpid())"
        var listener: Listener? = try Listener(name: [0] + name.utf8)
        let manager = try #require(ServiceManager(address: "@" + name))
        let start = SystemClock.now()
        for _ in 0..<2000 { manager.tell(.alive) }
        withExtendedLifetime(listener) {}
        listener = nil
        manager.tell(.ready)
        #expect(SystemClock.now() - start < .seconds(2))
    }

    @Test(arguments: ["", "@", "/", "relative/path", "vsock:2:1234", "/" + String(repeating: "x", count: 108)])
    func `an address that is no Unix socket's is not used`(address: String) {
        #expect(ServiceManager(address: address) == nil)
    }

    @Test(
        arguments: [
            ("30000000", nil, Duration.seconds(15)), ("30000000", "77", .seconds(15)), ("30000000", "78", nil),
            (nil, nil, nil), ("soon", nil, nil), ("0", nil, nil), ("-5", nil, nil), ("99999999999999999999", nil, nil),
        ] as [(String?, String?, Duration?)])
    func `a watchdog hears of us twice in its time, if it is ours`(time: String?, process: String?, every: Duration?) {
        #expect(ServiceManager.watchdogInterval(microseconds: time, process: process, own: 77) == every)
    }
}
