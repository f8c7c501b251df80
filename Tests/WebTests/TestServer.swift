import Glibc
import Reactor
import Testing
import Wire

@testable import Web

/// A server on a loop and a port of its own.
struct TestServer {
    let loop: ControlLoop
    let server: WebServer
    let address: SocketAddress

    init(
        _ application: WebApplication, limits: WebLimits = WebLimits(), identity: TLSIdentity? = nil
    ) async throws {
        loop = try ControlLoop()
        let network = SystemNetwork(loop: loop)
        server = WebServer(loop: loop, network: network, application: application, limits: limits)
        loop.start()
        address = try await server.listen(on: SocketAddress(ip: .loopbackIPv4, port: 0), identity: identity)
    }

    /// Begins to stop on the loop's own thread, for tests that block theirs meanwhile; the stream ends when it is done.
    func beginStop() -> AsyncStream<Void> {
        let (done, end) = AsyncStream<Void>.makeStream()
        let server = server
        loop.execute {
            server.assumeIsolated { server in
                _ = Task {
                    await server.stop(within: .seconds(10))
                    end.finish()
                }
            }
        }
        return done
    }

    /// Runs `body`, then stops the server and its loop.
    static func run(
        _ application: WebApplication, limits: WebLimits = WebLimits(), identity: TLSIdentity? = nil,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let running = try await TestServer(application, limits: limits, identity: identity)
        do {
            try await body(running)
        } catch {
            running.loop.stop()
            throw error
        }
        await running.server.stop(within: .seconds(1))
        running.loop.stop()
    }
}

/// A blocking TCP client that speaks whatever it is given.
final class TestClient {
    let descriptor: Int32

    init(to address: SocketAddress) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let status = address.withSockAddr { connect(descriptor, $0, $1) }
        try #require(status == 0)
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// At most `limit` bytes; empty when the server has closed.
    func read(_ limit: Int = 65_536) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, limit, 0))
        }
    }

    /// Exactly `count` bytes, or what came before the end.
    func read(exactly count: Int) -> [UInt8] {
        var bytes = [UInt8]()
        while bytes.count < count {
            let piece = read(count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    func readAll() -> String {
        var bytes = [UInt8]()
        while true {
            let piece = read()
            if piece.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece
        }
    }

    /// Up to and with the empty line after a head.
    func readHead() -> String {
        var bytes = [UInt8]()
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let byte = read(1)
            if byte.isEmpty { break }
            bytes += byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A response by its length.
    func readResponse() -> (head: String, body: String) {
        let head = readHead()
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let count = line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
        return (head, String(decoding: read(exactly: count), as: UTF8.self))
    }

    /// The payload of one short frame from the server, with its first byte.
    func readFrame() -> (first: UInt8, payload: [UInt8])? {
        let head = read(exactly: 2)
        guard head.count == 2 else { return nil }
        var length = Int(head[1])
        if length == 126 { length = read(exactly: 2).reduce(0) { $0 << 8 | Int($1) } }
        return (head[0], read(exactly: length))
    }

    func upgrade(_ path: String, _ extra: String = "") -> String {
        send(
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(extra)\r\n")
        return readHead()
    }
}
