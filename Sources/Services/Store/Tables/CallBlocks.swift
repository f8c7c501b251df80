import Wire

/// A stretch of days whose sums by people are wanted, and the blocks of thirty-two days (`Schema.blocks`) that stand for
/// most of it.
///
/// A block that has only some days too many is taken as well, and the sums of these days are taken off again.
struct CallBlocks {
    /// Where a part of the sums is read from.
    struct Piece: Equatable {
        enum Kind: Equatable { case days, blocks }

        let kind: Kind
        var range: ClosedRange<Int64>
        /// Whether it was counted too much.
        var isTakenOff = false
    }

    private static let length: Int64 = 32
    /// Looked for at once: calls of the year 1 must not make them endless.
    private static let most: Int64 = 1000
    /// How many are summed up for one question: a year's, for to add up their days takes half as long and is in vain.
    private static let mostMade = 16

    private let days: ClosedRange<Int64>
    /// Those that are over and of which at least half is wanted.
    let wanted: ClosedRange<Int64>?

    /// `open`: the first block that is not over.
    init(_ days: ClosedRange<Int64>, open: Int64) {
        self.days = days
        let first = (days.lowerBound + Self.length / 2 - 1).floorDivided(by: Self.length)
        let last = min((days.upperBound - Self.length / 2 + 1).floorDivided(by: Self.length), open - 1)
        wanted = first > last ? nil : max(first, last - Self.most)...last
    }

    /// Of days that have sums; nil when there are none.
    ///
    /// Bounds that are nil are those of all time.
    init?(from first: Int64?, through last: Int64?, in database: Database) throws(SQLFailure) {
        let sql = """
            SELECT (SELECT min(day) FROM call_people_days), (SELECT max(day) FROM call_people_days),
                \(Schema.openBlock(database.dialect))
            """
        let found = try database.query(sql) { row in
            (row.integerIfPresent(0), row.integerIfPresent(1), row.integer(2))
        }
        guard let bounds = found.first, let oldest = bounds.0, let newest = bounds.1 else { return nil }
        let days = (max(first ?? oldest, oldest), min(last ?? newest, newest))
        guard days.0 <= days.1 else { return nil }
        self.init(days.0...days.1, open: bounds.2)
    }

    /// Where the sums are, when these blocks have theirs, in ascending order.
    func pieces(_ summed: [Int64]) -> [Piece] {
        var pieces: [Piece] = []
        var next = days.lowerBound
        for block in summed {
            let first = block * Self.length
            if first > next { pieces.append(Piece(kind: .days, range: next...first - 1)) }
            if first < next { pieces.append(Piece(kind: .days, range: first...next - 1, isTakenOff: true)) }
            if let last = pieces.last, last.kind == .blocks, last.range.upperBound == block - 1 {
                pieces[pieces.count - 1].range = last.range.lowerBound...block
            } else {
                pieces.append(Piece(kind: .blocks, range: block...block))
            }
            next = first + Self.length
        }
        let end = days.upperBound
        if next <= end { pieces.append(Piece(kind: .days, range: next...end)) }
        if next > end + 1 { pieces.append(Piece(kind: .days, range: end + 1...next - 1, isTakenOff: true)) }
        return pieces
    }
}

// MARK: - In the database

extension CallBlocks {
    /// Where the sums are; the same moment must be read from there.
    func pieces(in database: Database) throws(SQLFailure) -> [Piece] { pieces(try summed(in: database)) }

    private func summed(in database: Database) throws(SQLFailure) -> [Int64] {
        guard let wanted else { return [] }
        return try database.query(
            "SELECT block FROM call_blocks WHERE block >= ? AND block <= ? ORDER BY block",
            [.integer(wanted.lowerBound), .integer(wanted.upperBound)]
        ) { $0.integer(0) }
    }

    /// Sums up blocks that are wanted and are not yet; what cannot be written now is read by days.
    func sumUp(in database: Database) throws(SQLFailure) {
        guard let wanted else { return }
        let summed = Set(try self.summed(in: database))
        for block in wanted.lazy.filter({ !summed.contains($0) }).prefix(Self.mostMade) {
            do throws(SQLFailure) {
                try database.transaction { () throws(SQLFailure) in try Self.sumUp(block, in: database) }
            } catch {
                if error.kind == .unreachable { throw error }
                return
            }
        }
    }

    private static func sumUp(_ block: Int64, in database: Database) throws(SQLFailure) {
        let key = SQLValue.integer(block)
        guard try isFree(block, in: database) else { return }
        guard try database.integer("SELECT block FROM call_blocks WHERE block = ?", [key]) == nil else { return }
        try database.run("DELETE FROM call_people_blocks WHERE block = ?", [key])
        try database.run(
            Schema.blockSums(where: "day >= ? AND day <= ?"),
            [.integer(block * length), .integer((block + 1) * length - 1)])
        try database.run("INSERT INTO call_blocks (block) VALUES (?)", [key])
    }

    /// Whether nobody is changing the days of a block, nor will until the transaction ends; SQLite has one writer anyway.
    private static func isFree(_ block: Int64, in database: Database) throws(SQLFailure) -> Bool {
        guard database.dialect == .postgres else { return true }
        let values: [SQLValue] = [SQLValue(Schema.blockLock), .integer(block)]
        return try database.query("SELECT pg_try_advisory_xact_lock(?::integer, ?::integer)", values) { $0.flag(0) }
            .first ?? false
    }
}
