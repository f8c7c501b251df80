import Wire

/// A command to the exchange (VPBX API, "commands"): where it is posted, and what it says besides its id.
struct MangoCommand: Hashable, Sendable {
    let path: String
    let fields: JSONObject

    private init(_ path: String, _ fields: JSONObject) { (self.path, self.fields) = (path, fields) }

    /// Calls the extension, and then the number.
    static func callback(from extension: String, to number: String, line: String?) -> MangoCommand {
        var fields: JSONObject = ["from": ["extension": .string(`extension`)], "to_number": .string(number)]
        fields.appendIfPresent("line_number", JSONValue(line))
        return MangoCommand("commands/callback", fields)
    }

    static func hangUp(leg callID: String) -> MangoCommand {
        MangoCommand("commands/call/hangup", ["call_id": .string(callID)])
    }

    /// `initiator`: the extension in whose name it is done.
    static func hold(leg callID: String, initiator: String) -> MangoCommand {
        MangoCommand("commands/call/hold/on", ["call_id": .string(callID), "initiator": .string(initiator)])
    }

    /// Sends a call that nobody has answered somewhere else.
    static func route(leg callID: String, to number: String) -> MangoCommand {
        MangoCommand("commands/route", ["call_id": .string(callID), "to_number": .string(number)])
    }

    static func transfer(leg callID: String, to number: String, initiator: String) -> MangoCommand {
        MangoCommand(
            "commands/transfer",
            [
                "call_id": .string(callID), "method": "blind", "to_number": .string(number),
                "initiator": .string(initiator),
            ])
    }
}
