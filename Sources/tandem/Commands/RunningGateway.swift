import Crypto
import Directory
import Glibc
import Reactor
import Store
import Wire

/// The gateway that runs on this machine, asked by REST for an administrator.
struct RunningGateway {
    /// Sends a request and answers all that comes back; nil when nothing comes within so many seconds.
    typealias Exchange = (_ request: String, _ patience: Int) -> String?

    private let port: UInt16
    private let token: String
    private let exchange: Exchange

    /// With this token, or else with one of its own, made with the secret that the gateway signs with.
    init(token: String?) throws(CommandError) {
        let port = Program.configuration().web.port
        let own = if let token { token } else { try Self.administratorsToken() }
        self.init(port: port, token: own) { LocalGateway.exchange($0, port: port, patience: $1) }
    }

    init(port: UInt16, token: String, _ exchange: @escaping Exchange) {
        (self.port, self.token, self.exchange) = (port, token, exchange)
    }

    private static func administratorsToken() throws(CommandError) -> String {
        let configuration = Program.configuration()
        let hour = Duration.seconds(3600)
        let token: String?
        do {
            if let secret = configuration.web.secret {
                token = try stranger(secret, hour)
            } else {
                token = try TokenCommand.token(configuration, lasting: hour) { users in
                    users.filter { $0.role == .admin && $0.status == .active }.min { $0.id < $1.id }
                }
            }
        } catch let error as StoreError {
            let error = StartError.store(error, configuration.storeVariable)
            Program.fail(error.failure, error.description)
        } catch let error as ConfigurationError {
            Program.fail(.configuration, error.description)
        } catch {
            Program.fail(.system, "DATA_DIR: \(error)")
        }
        guard let token else { throw .refused("there is no administrator; tandem user add NAME --role admin") }
        return token
    }

    /// A token of an administrator who is in no directory, so that the database need not be there.
    private static func stranger(_ secret: String, _ time: Duration) throws -> String {
        let claims = TokenClaims(
            userID: 0, login: "tandem", role: User.Role.admin.rawValue, expires: SystemClock.wallTime() + time)
        return try TokenCommand.sign(claims, with: Secrets.tokenKey(configured: secret))
    }

    /// The member `data` of an answer.
    func data(_ method: String = "GET", _ path: String, _ body: JSONValue? = nil) throws(CommandError) -> JSONValue {
        let text = try ask(method, path, body)
        guard let data = (try? JSONValue(parsing: Array(text.utf8)))?["data"] else {
            throw .refused("what answers on port \(port) is no gateway, or another version of it")
        }
        return data
    }

    /// The body of an answer.
    func ask(
        _ method: String, _ path: String, _ body: JSONValue? = nil, patience: Int = 10
    ) throws(CommandError) -> String {
        var head = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"]
        head.append("Authorization: Bearer \(token)")
        let text = body?.text ?? ""
        if body != nil { head += ["Content-Type: application/json", "Content-Length: \(text.utf8.count)"] }
        guard let answer = exchange((head + ["", text]).joined(separator: "\r\n"), patience) else {
            throw .refused("the gateway on port \(port) does not answer; start it, or set PORT to where it is")
        }
        let (status, content) = Self.parts(of: answer)
        guard (200..<300).contains(status) else { throw refusal(status, content) }
        return content
    }

    /// The status line's number, and what follows the head.
    private static func parts(of answer: String) -> (status: Int, body: String) {
        let status = answer.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
        guard let end = answer.range(of: "\r\n\r\n") else { return (status, "") }
        return (status, String(answer[end.upperBound...]))
    }

    private func refusal(_ status: Int, _ body: String) -> CommandError {
        let error = (try? JSONValue(parsing: Array(body.utf8)))?["error"]
        let code = error?["code"]?.stringValue
        switch (status, code) {
        case (_, "CALL_NOT_FOUND"): return .refused("there is no such call")
        case (_, "CALL_ALREADY_ENDED"): return .refused("the call has ended already")
        case (401, _):
            return .refused("the gateway does not accept the token: it is wrong or has expired; tandem token makes one")
        case (403, _): return .refused("the token is no administrator's")
        case (503, let code?): return .refused("the gateway cannot do that now (\(code)); try again in a moment")
        case (_, let code?):
            return .refused("the gateway refuses: \(code), \(error?["message"]?.stringValue ?? "")")
        default: return .refused("what answers on port \(port) is no gateway (status \(status))")
        }
    }
}

/// The port of the gateway that runs on this machine.
enum LocalGateway {
    /// Sends a request and answers all that comes back; nil when there is nothing within `patience` seconds.
    static func exchange(_ request: String, port: UInt16, patience: Int) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let address = SocketAddress(ip: .loopbackIPv4, port: port)
        guard address.withSockAddr({ connect(descriptor, $0, $1) }) == 0 else { return nil }
        let bytes = Array(request.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { return nil }
        var (answer, piece) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        while case let count = read(descriptor, &piece, piece.count), count > 0 { answer += piece[..<count] }
        return answer.isEmpty ? nil : String(decoding: answer, as: UTF8.self)
    }
}
