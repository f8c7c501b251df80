import Glibc
import Wire

/// `tandem health`: asks the gateway on this machine whether it is ready; what a container's health check runs.
enum HealthCommand {
    static func run() {
        let port = Program.configuration().web.port
        let isReady = statusLine(of: "/health/ready", port: port)?.contains(" 200 ") ?? false
        print(isReady ? "ready" : "not ready")
        exit(isReady ? 0 : 1)
    }

    private static func statusLine(of path: String, port: UInt16) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let address = SocketAddress(ip: .loopbackIPv4, port: port)
        guard address.withSockAddr({ connect(descriptor, $0, $1) }) == 0 else { return nil }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard write(descriptor, request, request.count) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &answer, answer.count)
        guard count > 0 else { return nil }
        return String(decoding: answer[..<count], as: UTF8.self).split(separator: "\r\n").first.map(String.init)
    }
}
