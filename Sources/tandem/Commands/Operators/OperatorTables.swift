import Wire

/// What the gateway answers operators, as a person at a terminal reads it.
enum OperatorTables {
    static func status(_ status: JSONValue) -> String {
        let trunks = status["trunks"]
        var lines = [
            "\(word(status["service"])) \(word(status["version"])): \(word(status["state"]))"
                + (status["testMode"]?.boolValue == true ? ", test mode" : "")
        ]
        lines.append("  up for \(length(status["uptimeSeconds"]))")
        lines.append("  \(word(status["liveCalls"])) live calls, \(word(status["registeredPhones"])) registered phones")
        lines.append("  \(word(trunks?["working"])) of \(word(trunks?["all"])) trunks work")
        for check in status["checks"]?.objectValue?.members ?? [] {
            lines.append("  \(check.name): \(word(check.value["status"])), \(word(check.value["message"]))")
        }
        return lines.joined(separator: "\n")
    }

    static func calls(_ calls: JSONValue) -> String {
        var table = TextTable("ID", "STATE", "DIRECTION", "FROM", "TO", "STARTED (UTC)", "TALKED", "ENDED BY")
        for call in (calls["live"]?.arrayValue ?? []) + (calls["ended"]?.arrayValue ?? []) {
            let talked = call["duration"]?.isNull == false ? length(call["duration"]) : "-"
            table.rows.append([
                word(call["numericId"]), word(call["state"]), word(call["direction"]), word(call["from"]),
                word(call["to"]), moment(call["startedAt"]), talked, word(call["endReason"]),
            ])
        }
        let live = calls["liveCount"]?.integerValue ?? 0
        return "\(table)\n\(live) live"
    }

    /// What a call is, above what was found out about it; no view of document 004 knows calls that are internal.
    static func heading(of call: JSONValue, direction: JSONValue?) -> String {
        let ended = call["endedAt"]?.isNull == false ? ", ended \(moment(call["endedAt"]))" : ""
        return "\(word(call["numericId"])): \(word(direction)), "
            + "from \(word(call["from"])) to \(word(call["to"])), started \(moment(call["startedAt"]))\(ended)"
    }

    static func trunks(_ trunks: JSONValue) -> String {
        var table = TextTable("NAME", "REGISTERED", "REACHABLE", "CALLS", "DETAIL")
        for trunk in trunks.arrayValue ?? [] {
            table.rows.append([
                word(trunk["name"]), flag(trunk["isRegistered"], "not wanted"), flag(trunk["isReachable"], "not known"),
                word(trunk["channels"]), word(trunk["detail"]),
            ])
        }
        return table.rows.isEmpty ? "there is no trunk" : "\(table)"
    }

    static func registrations(_ devices: JSONValue) -> String {
        var table = TextTable("EXTENSION", "NAME", "CONTACT", "FROM", "EXPIRES")
        for device in devices.arrayValue ?? [] {
            table.rows.append([
                word(device["extension"]), word(device["name"]), word(device["contact"]),
                "\(word(device["transport"])) \(word(device["address"]))", length(device["expiresIn"]),
            ])
        }
        return table.rows.isEmpty ? "nobody is registered" : "\(table)"
    }

    /// A value as a word; what a peer has sent must not command the terminal.
    private static func word(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "-" }
        let text = value.stringValue ?? value.text
        let plain = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
        return plain.isEmpty ? "-" : plain
    }

    private static func flag(_ value: JSONValue?, _ unknown: String) -> String {
        value?.boolValue.map { $0 ? "yes" : "no" } ?? unknown
    }

    /// `2026-11-28T23:05:28.123Z` to the second.
    private static func moment(_ value: JSONValue?) -> String {
        word(value).replacing("T", with: " ").split(separator: ".").first.map(String.init) ?? "-"
    }

    /// Seconds as `0:07`, `12:34` or `1:02:03`.
    static func length(_ value: JSONValue?) -> String {
        guard let seconds = value?.integerValue else { return "-" }
        func pad(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(pad(minutes)):\(pad(seconds % 60))" : "\(minutes):\(pad(seconds % 60))"
    }
}
