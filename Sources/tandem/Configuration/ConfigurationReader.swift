import Directory
import Glibc
import Telemetry
import Wire

/// Reads variables one by one, with the same words for the same mistakes; each is declared (`Variable`).
struct ConfigurationReader {
    let environment: Environment

    /// What it is set to.
    func text(_ name: String) -> String? { environment[Variable.named(name).name] }

    /// What it is set to, or what counts instead.
    func value(_ name: String) -> String { text(name) ?? standard(name) }

    private func standard(_ name: String) -> String {
        guard let standard = Variable.named(name).standard else { preconditionFailure("\(name) has no default") }
        return standard
    }

    private func standardNumber(_ name: String) -> Int {
        guard let number = Int(standard(name)) else { preconditionFailure("the default of \(name) is no number") }
        return number
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        try integer(name, default: standardNumber(name), in: range)
    }

    func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let text = text(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw ConfigurationError(
                variable: name,
                problem: "\"\(text)\" is no whole number from \(range.lowerBound) to \(range.upperBound)",
                cure: "set such a number, or unset it for \(value)")
        }
        return number
    }

    func port(_ name: String, default value: UInt16) throws(ConfigurationError) -> UInt16 {
        UInt16(try integer(name, default: Int(value), in: 1...65535))
    }

    func port(_ name: String) throws(ConfigurationError) -> UInt16 { UInt16(try integer(name, in: 1...65535)) }

    func flag(_ name: String) throws(ConfigurationError) -> Bool {
        let text = value(name).lowercased()
        if ["true", "1", "yes", "on"].contains(text) { return true }
        if ["false", "0", "no", "off"].contains(text) { return false }
        throw ConfigurationError(
            variable: name, problem: "\"\(text)\" is neither true nor false", cure: "write true or false")
    }

    /// The path of a file that can be read.
    func file(_ name: String) throws(ConfigurationError) -> String? {
        guard let path = text(name) else { return nil }
        guard access(path, R_OK) == 0 else {
            throw ConfigurationError(
                variable: name, problem: "\(path) cannot be read", cure: "name a file that may be read, or unset it")
        }
        return path
    }

    func milliseconds(_ name: String) throws(ConfigurationError) -> Duration {
        .milliseconds(try integer(name, in: 0...86_400_000))
    }

    /// Addresses with or without a port (IPv6 in brackets when there is one), comma separated.
    func addresses(_ name: String, port: UInt16) throws(ConfigurationError) -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        for entry in (text(name) ?? "").split(separator: ",").map({ String($0).trimmed }) where !entry.isEmpty {
            let whole = IPAddress(entry).map { SocketAddress(ip: $0, port: port) } ?? SocketAddress(entry)
            guard let whole, whole.port != 0 else {
                throw ConfigurationError(
                    variable: name, problem: "\"\(entry)\" is no IP address",
                    cure: "write addresses such as 192.0.2.53 or [2001:db8::53]:\(port), or unset it")
            }
            addresses.append(whole)
        }
        return addresses
    }

    func address(_ name: String) throws(ConfigurationError) -> IPAddress? {
        guard let text = text(name), text != "auto" else { return nil }
        guard let address = IPAddress(text) else {
            throw ConfigurationError(
                variable: name, problem: "\"\(text)\" is no IP address",
                cure: "write one such as 203.0.113.7, or unset it")
        }
        return address
    }
}

/// Reads `username:password:extension:displayName[:wsPassword]`, comma separated; `%3A` and `%2C` stand for `:` and `,`.
func parseSIPUsers(_ text: String) throws(ConfigurationError) -> [SIPAccount] {
    var accounts: [SIPAccount] = []
    for (index, entry) in text.split(separator: ",").enumerated() {
        let fields = entry.split(separator: ":", omittingEmptySubsequences: false).map { unescaped(String($0).trimmed) }
        guard (3...5).contains(fields.count), fields.prefix(3).allSatisfy({ !$0.isEmpty }) else {
            throw ConfigurationError(
                variable: "SIP_USERS", problem: "entry \(index + 1) is not username:password:extension:displayName",
                cure: "write %3A for a colon and %2C for a comma inside a field")
        }
        guard !accounts.contains(where: { $0.extension == fields[2] || $0.username == fields[0] }) else {
            throw ConfigurationError(
                variable: "SIP_USERS", problem: "entry \(index + 1) repeats a user name or extension",
                cure: "give each entry its own")
        }
        let name = fields.count > 3 && !fields[3].isEmpty ? fields[3] : fields[2]
        accounts.append(
            SIPAccount(
                id: 0, extension: fields[2], username: fields[0], secret: .password(fields[1]), displayName: name,
                wsPassword: fields.count > 4 ? fields[4] : nil))
    }
    return accounts
}

/// Reads `number:name`, comma separated: rooms for conferences.
func parseConferenceRooms(_ text: String) throws(ConfigurationError) -> [ConferenceRoom] {
    var rooms: [ConferenceRoom] = []
    for (index, entry) in text.split(separator: ",").enumerated() {
        let fields = entry.split(separator: ":", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard fields.count == 2, isRoomNumber(fields[0]), isRoomName(fields[1]) else {
            throw ConfigurationError(
                variable: "CONFERENCE_ROOMS", problem: "entry \(index + 1) is not number:name",
                cure: "write 1 to 20 digits, a colon and a name of letters, digits, - and _")
        }
        guard !rooms.contains(where: { $0.number == fields[0] || $0.name == fields[1] }) else {
            throw ConfigurationError(
                variable: "CONFERENCE_ROOMS", problem: "entry \(index + 1) repeats a number or name",
                cure: "give each room its own")
        }
        rooms.append(ConferenceRoom(name: fields[1], number: fields[0]))
    }
    return rooms
}

private func isRoomNumber(_ text: String) -> Bool {
    (1...20).contains(text.utf8.count) && text.utf8.allSatisfy(ASCII.isDigit)
}

private func isRoomName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
}

/// Reads the hosts of a variable, comma separated: names, addresses, `*.` and a name, or `*`.
func parseHosts(_ variable: String, _ text: String) throws(ConfigurationError) -> [String] {
    let hosts = text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    for host in hosts where host != "*" && IPAddress(host) == nil {
        let name = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard isName, !name.isEmpty, !name.hasPrefix(".") else {
            throw ConfigurationError(
                variable: variable, problem: "\(host) is no host",
                cure: "write names or addresses without scheme, port and path; *.example.com for all below it")
        }
    }
    return hosts
}

private func unescaped(_ field: String) -> String {
    field.split(separator: "%", omittingEmptySubsequences: false).enumerated().map { index, part in
        guard index > 0 else { return String(part) }
        switch part.prefix(2).uppercased() {
        case "3A": return ":" + part.dropFirst(2)
        case "2C": return "," + part.dropFirst(2)
        case "25": return "%" + part.dropFirst(2)
        default: return "%" + part
        }
    }.joined()
}
