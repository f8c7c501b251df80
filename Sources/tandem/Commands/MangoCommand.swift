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
            let gateway = try RunningGateway(token: nil)
            // The exchange may take its time.
            print(try gateway.ask("POST", order.path, order.body, patience: 900))
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
}
