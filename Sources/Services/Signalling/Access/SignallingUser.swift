package import Directory

/// Whom a signalling connection speaks for.
package struct SignallingUser: Hashable, Sendable {
    package let id: Int64
    package let role: User.Role

    package init(id: Int64, role: User.Role) { (self.id, self.role) = (id, role) }

    /// The rooms a user is in from the moment of authentication.
    var rooms: [String] {
        var rooms = [RoomName.user(id), RoomName.operator(id)]
        if role == .operator || role.seesAllCalls { rooms.append(RoomName.operators) }
        if role.seesAllCalls { rooms.append(RoomName.directors) }
        return rooms
    }
}

/// Names of rooms; an event goes to everybody in at least one of its rooms.
enum RoomName {
    static let operators = "operators"
    static let directors = "directors"
    static let maximumPerSession = 64

    static func user(_ id: Int64) -> String { "user:\(id)" }
    static func `operator`(_ id: Int64) -> String { "operator:\(id)" }
    static func call(_ uuid: some CustomStringConvertible) -> String { "call-\(uuid)" }

    /// The room a client means: lowercase letters, digits and `:_-`; `operator-7` is another name of `operator:7`.
    static func named(_ text: String) -> String? {
        guard (1...100).contains(text.utf8.count), text.utf8.allSatisfy(isAllowed) else { return nil }
        guard text.hasPrefix("operator-") else { return text }
        return "operator:" + text.dropFirst("operator-".count)
    }

    /// Whose room it is, when it belongs to one user.
    static func owner(_ room: String) -> Int64? {
        for prefix in ["user:", "operator:"] where room.hasPrefix(prefix) { return Int64(room.dropFirst(prefix.count)) }
        return nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ":_-".utf8.contains(byte)
        }
    }
}
