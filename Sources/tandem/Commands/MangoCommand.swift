import Crypto
import Directory
import Glibc
import Reactor
import Store
import Wire

/// `tandem mango`: has the running gateway bring over what the Mango Office exchange knows.
enum MangoCommand {
    static let usage = """
        tandem mango sync --from DATE --to DATE   calls of a period (at most 31 days) that are not written down here
        tandem mango users                        extensions and SIP addresses of our users
        """

    static func run(_ list: [String]) async {
        do throws(CommandError) {
            let arguments = try Arguments(list.dropFirst(), options: ["--from", "--to"])
            let order = try order(list.first ?? "", arguments)
            let token = try await token()
            let answer = try ask(order, token: token, port: Program.configuration().web.port)
            print(answer)
        } catch {
            switch error {
            case .usage(let problem): Program.fail(.usage, "\(problem)\n\(usage)")
            case .refused(let problem): Program.fail(.refused, problem)
            }
        }
    }

    private struct Order {
        let path: String
        let body: JSONValue
    }

    private static func order(_ word: String, _ arguments: Arguments) throws(CommandError) -> Order {
        switch word {
        case "users":
            return Order(path: "/api/v1/admin/mango/users", body: [:])
        case "sync":
            guard let from = arguments.value("--from"), let to = arguments.value("--to") else {
                throw .usage("--from and --to are needed")
            }
            return Order(path: "/api/v1/admin/mango/calls", body: ["from": .string(from), "to": .string(to)])
        default: throw .usage(word.isEmpty ? "sync or users?" : "there is no \"mango \(word)\"")
        }
    }

    /// Of an administrator.
    private static func token() async throws(CommandError) -> String {
        let token: String?
        do {
            token = try await TokenCommand.token(Program.configuration(), lasting: .seconds(3600)) { store in
                try await store.roster().users.values.filter { $0.role == .admin && $0.status == .active }
                    .min { $0.id < $1.id }
            }
        } catch {
            throw .refused("DATA_DIR: \(error)")
        }
        guard let token else { throw .refused("there is no administrator") }
        return token
    }

    /// The body of the gateway's answer, which says what was done.
    private static func ask(_ order: Order, token: String, port: UInt16) throws(CommandError) -> String {
        let body = order.body.text
        let head = [
            "POST \(order.path) HTTP/1.1", "Host: localhost", "Connection: close", "Authorization: Bearer \(token)",
            "Content-Type: application/json", "Content-Length: \(body.utf8.count)", "", body,
        ]
        guard let text = LocalGateway.exchange(head.joined(separator: "\r\n"), port: port, patience: 900) else {
            throw .refused("the gateway on port \(port) does not answer")
        }
        let parts = text.components(separatedByFirst: "\r\n\r\n")
        guard parts.head.split(separator: "\r\n").first?.contains(" 200") == true else {
            throw .refused("the gateway refuses: \(parts.rest)")
        }
        return parts.rest
    }
}

/// The gateway that runs on this machine, as commands speak with it.
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

extension String {
    /// What stands before a text, and what behind it.
    fileprivate func components(separatedByFirst separator: String) -> (head: String, rest: String) {
        guard let range = range(of: separator) else { return (self, "") }
        return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
    }
}
