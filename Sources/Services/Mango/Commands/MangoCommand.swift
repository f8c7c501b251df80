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

    /// Calls the members of a group, and then the number.
    static func callback(fromGroup group: String, to number: String, line: String?) -> MangoCommand {
        var fields: JSONObject = ["from": .string(group), "to": .string(number)]
        fields.appendIfPresent("line_number", JSONValue(line))
        return MangoCommand("commands/callback_group", fields)
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

    /// `asksFirst`: the initiator talks to the number before it has the call.
    static func transfer(leg callID: String, to number: String, initiator: String, asksFirst: Bool) -> MangoCommand {
        MangoCommand(
            "commands/transfer",
            [
                "call_id": .string(callID), "method": asksFirst ? "hold" : "blind", "to_number": .string(number),
                "initiator": .string(initiator),
            ])
    }

    /// Joins the leg on hold with the one that its initiator talks on.
    static func connect(held: String, talking: String, initiator: String) -> MangoCommand {
        MangoCommand(
            "commands/calls_connect",
            [
                "holded_call_id": .string(held), "transfer_initiator_number": .string(initiator),
                "transferred_call_id": .string(talking),
            ])
    }

    static func cancelTransfer(held callID: String) -> MangoCommand {
        MangoCommand("commands/transfer_cancel", ["call_id": .string(callID)])
    }

    /// `party`: the side of the house whose talk is recorded.
    static func record(leg callID: String, party: String) -> MangoCommand {
        MangoCommand("commands/recording/start", ["call_id": .string(callID), "call_party_number": .string(party)])
    }
}
