import Glibc

/// `tandem health`: asks the gateway on this machine whether it is ready; what a container's health check runs.
enum HealthCommand {
    static func run() {
        let port = Program.configuration().web.port
        let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let answer = LocalGateway.exchange(request, port: port, patience: 2)
        let isReady = answer?.split(separator: "\r\n").first?.contains(" 200 ") ?? false
        print(isReady ? "ready" : "not ready")
        exit(isReady ? 0 : 1)
    }
}
