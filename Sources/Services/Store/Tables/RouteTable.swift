import Directory
import Wire

/// How a destination stands in the database: its kind, whom it names, and the number a trunk dials.
enum DestinationColumns {
    static func values(_ destination: Destination?) -> [SQLValue] {
        switch destination {
        case nil: [.null, .null, .null]
        case .user(let id): [.text("user"), .text("\(id)"), .null]
        case .extension(let number): [.text("extension"), .text(number), .null]
        case .queue(let name): [.text("queue"), .text(name), .null]
        case .trunk(let name, let number): [.text("trunk"), .text(name), SQLValue(number)]
        }
    }

    static func read(_ row: borrowing SQLRow, from column: Int32) -> Destination? {
        let target = row.text(column + 1)
        return switch row.text(column) {
        case "user": Int64(target).map(Destination.user)
        case "extension": .extension(target)
        case "queue": .queue(target)
        case "trunk": .trunk(target, number: row.textIfPresent(column + 2))
        default: nil
        }
    }

    /// Lets everything that leads to the former name lead to the present one.
    static func rename(
        _ kind: String, from old: String, to new: String, in database: Database
    ) throws(SQLFailure) {
        let values: [SQLValue] = [.text(new), .text(kind), .text(old)]
        try database.run(
            "UPDATE inbound_routes SET destination = ? WHERE destination_kind = ? AND destination = ?", values)
        try database.run("UPDATE queues SET overflow = ? WHERE overflow_kind = ? AND overflow = ?", values)
    }
}

/// Reads and writes the routes of calls from trunks.
enum RouteTable {
    static func read(_ database: Database) throws(SQLFailure) -> [InboundRoute] {
        try database.query(
            """
            SELECT id, trunk, number, destination_kind, destination, destination_number FROM inbound_routes ORDER BY id
            """
        ) { row -> InboundRoute? in
            guard let number = try? NumberPattern(row.text(2)), let destination = DestinationColumns.read(row, from: 3)
            else { return nil }
            let trunk = row.text(1)
            return InboundRoute(
                id: row.integer(0), trunk: trunk.isEmpty ? nil : trunk, number: number, destination: destination)
        }.compactMap(\.self)
    }

    static func insert(_ route: InboundRoute, to database: Database) throws(SQLFailure) -> Int64 {
        return try database.insert(
            """
            INSERT INTO inbound_routes (trunk, number, destination_kind, destination, destination_number)
            VALUES (?, ?, ?, ?, ?)
            """, columns(of: route))
    }

    static func update(_ route: InboundRoute, in database: Database) throws(SQLFailure) -> Bool {
        try database.run(
            """
            UPDATE inbound_routes SET trunk = ?, number = ?, destination_kind = ?, destination = ?,
                destination_number = ?, updated_at = \(Schema.now)
            WHERE id = ?
            """, columns(of: route) + [.integer(route.id)]) > 0
    }

    private static func columns(of route: InboundRoute) -> [SQLValue] {
        [.text(route.trunk ?? ""), .text("\(route.number)")] + DestinationColumns.values(route.destination)
    }
}
