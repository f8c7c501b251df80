import Glibc
import Wire

/// What operators ask of the gateway that runs on this machine.
enum OperatorCommand {
    static let help = """
        tandem status                 how the gateway fares, and its parts
        tandem calls [--limit N]      the calls that live, and N that ended last (20)
        tandem call ID [--sip]        why a call sounded as it did; its signalling as a ladder
        tandem hangup ID              end a call
        tandem trunks                 how every trunk fares
        tandem registrations          the devices that are registered

        ID is a call's number or UUID. --json prints what programs read. --token TOKEN asks with a token of yours
        (- reads it from standard input) instead of one made with the secret in the store.
        """

    /// Asks the gateway and answers what to print.
    typealias Verb = @Sendable (Arguments, RunningGateway) throws(CommandError) -> String

    static let verbs: [String: Verb] = [
        "status": status, "calls": calls, "call": call, "hangup": hangUp, "trunks": trunks,
        "registrations": registrations,
    ]

    /// Ends the program with 0, 1 or 64; with 71 or 78 when the store or a setting cannot be used.
    static func main(_ words: [String]) async {
        guard !words.contains("--help"), !words.contains("-h") else { return print(help) }
        do throws(CommandError) {
            let arguments = try arguments(words)
            let token = arguments.value("--token").map { $0 == "-" ? readLine() ?? "" : $0 }
            if let token, !isPlausible(token) { throw .usage("--token takes a token, such as tandem token prints") }
            let gateway = try RunningGateway(token: token)
            print(try run(arguments, gateway))
        } catch {
            switch error {
            case .usage(let problem): Program.fail(.usage, "\(problem)\n\n\(help)")
            case .refused(let problem): Program.fail(.refused, problem)
            }
        }
    }

    /// The line as it is understood; the first word is the command itself.
    static func arguments(_ words: [String]) throws(CommandError) -> Arguments {
        let arguments = try Arguments(words, options: ["--limit", "--token"], flags: ["--json", "--sip"])
        let name = arguments.words.first ?? ""
        let takesID = ["call", "hangup"].contains(name)
        _ = takesID ? try arguments.exactly("COMMAND", "ID") : try arguments.exactly("COMMAND")
        if arguments.has("--sip"), name != "call" { throw .usage("--sip is for tandem call") }
        if arguments.value("--limit") != nil, name != "calls" { throw .usage("--limit is for tandem calls") }
        return arguments
    }

    static func run(_ arguments: Arguments, _ gateway: RunningGateway) throws(CommandError) -> String {
        guard let verb = verbs[arguments.words[0]] else { throw .usage("there is no \(arguments.words[0])") }
        return try verb(arguments, gateway)
    }

    /// What cannot be a token must not get among the lines of a request.
    private static func isPlausible(_ token: String) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-_.~+/=".utf8.contains($0) }
    }

    private static func id(_ arguments: Arguments) throws(CommandError) -> String {
        let text = arguments.words[1]
        guard ASCII.decimal(text.utf8, maximumDigits: 18) != nil || UUID(text) != nil else {
            throw .usage("\"\(text)\" is no call's number or UUID")
        }
        return text
    }

    // MARK: - Commands

    private static func status(_ arguments: Arguments, _ gateway: RunningGateway) throws(CommandError) -> String {
        let status = try gateway.data("GET", "/api/v1/admin/status")
        return arguments.has("--json") ? status.text : OperatorTables.status(status)
    }

    private static func calls(_ arguments: Arguments, _ gateway: RunningGateway) throws(CommandError) -> String {
        let text = arguments.value("--limit") ?? "20"
        guard let limit = ASCII.decimal(text.utf8, maximumDigits: 4), limit > 0 else {
            throw .usage("--limit takes a number from 1")
        }
        let calls = try gateway.data("GET", "/api/v1/admin/calls?limit=\(limit)")
        return arguments.has("--json") ? calls.text : OperatorTables.calls(calls)
    }

    private static func call(_ arguments: Arguments, _ gateway: RunningGateway) throws(CommandError) -> String {
        let path = "/api/v1/calls/\(try id(arguments))"
        let call = try gateway.data("GET", "\(path)?view=gateway")
        let diagnosis = try gateway.data("GET", "\(path)/diagnosis")
        guard !arguments.has("--json") else {
            var object: JSONObject = ["call": call, "diagnosis": diagnosis]
            if arguments.has("--sip") { object.append("sip", try gateway.data("GET", "\(path)/sip")) }
            return JSONValue.object(object).text
        }
        let head = OperatorTables.heading(of: call, direction: diagnosis["direction"])
        let form = arguments.has("--sip") ? "sip" : "diagnosis"
        let text = try gateway.ask("GET", "\(path)/\(form)?format=text")
        return [head, text.trimmedAtEnd].joined(separator: "\n\n")
    }

    private static func hangUp(_ arguments: Arguments, _ gateway: RunningGateway) throws(CommandError) -> String {
        let path = "/api/v1/calls/\(try id(arguments))"
        let former = try gateway.data("GET", "\(path)?view=gateway")
        guard former["endedAt"]?.isNull ?? true else { throw .refused("the call has ended already") }
        let call = try gateway.data("POST", "\(path)/end")
        return arguments.has("--json") ? call.text : "call \(arguments.words[1]) is ended"
    }

    private static func trunks(_ arguments: Arguments, _ gateway: RunningGateway) throws(CommandError) -> String {
        let trunks = try gateway.data("GET", "/api/v1/admin/trunk-states")
        return arguments.has("--json") ? trunks.text : OperatorTables.trunks(trunks)
    }

    private static func registrations(
        _ arguments: Arguments, _ gateway: RunningGateway
    ) throws(CommandError) -> String {
        let devices = try gateway.data("GET", "/api/v1/admin/registrations")
        return arguments.has("--json") ? devices.text : OperatorTables.registrations(devices)
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        var text = self
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
