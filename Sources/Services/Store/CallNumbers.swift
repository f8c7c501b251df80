import Wire

/// The numbers that calls may get: blocks that nobody else takes numbers of.
struct CallNumbers: Sendable {
    private let blocks: Locked<[ClosedRange<Int64>]>

    init(_ block: ClosedRange<Int64>) { blocks = Locked([block]) }

    var first: Int64 { blocks.withLock { $0.first?.lowerBound ?? 1 } }

    /// Leaves out numbers that calls have got which were written before any other.
    func begin(after number: Int64) {
        blocks.withLock { blocks in
            guard let block = blocks.first, number < block.upperBound, number + 1 >= block.lowerBound else { return }
            blocks[0] = number + 1...block.upperBound
        }
    }

    /// Adds a block that lies beyond the others.
    func add(_ block: ClosedRange<Int64>) { blocks.withLock { $0.append(block) } }

    var last: Int64 { blocks.withLock { $0.last?.upperBound ?? 0 } }

    /// The number after this one; past the last block it goes on counting, for a call must have a number.
    func next(after number: Int64) -> Int64 {
        blocks.withLock { blocks in
            // One that is the last of all may have been written by anybody.
            let next = number == .max ? number : number + 1
            let block = blocks.first { $0.upperBound >= next }
            return max(next, block?.lowerBound ?? next)
        }
    }
}

extension Database {
    /// How many numbers are taken from the server's sequence at a time.
    ///
    /// Calls go on while the server is away, so their numbers are not asked for one by one; rows that others insert get
    /// numbers beyond the block.
    private static let blockLength: Int64 = 1_000_000

    /// Takes a block of numbers that nobody had.
    func reserveCallNumbers() throws(SQLFailure) -> ClosedRange<Int64> {
        if dialect == .sqlite {
            let last = try integer("SELECT max(seq) FROM sqlite_sequence WHERE name = 'calls'") ?? 0
            return min(last, Int64.max - 2) + 1...Int64.max - 1
        }
        return try transaction { () throws(SQLFailure) in
            try run("LOCK TABLE calls IN EXCLUSIVE MODE")
            let last = try integer(
                """
                SELECT setval('calls_id_seq', greatest(
                    (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM calls_id_seq),
                    (SELECT max(id) FROM calls)) + \(Self.blockLength))
                """)
            let end = last ?? Self.blockLength
            return end - Self.blockLength + 1...end
        }
    }

    /// Gives back the rest of a block, unless somebody has taken numbers beyond it.
    func returnCallNumbers(after number: Int64, of end: Int64) throws(SQLFailure) {
        try transaction { () throws(SQLFailure) in
            try run("LOCK TABLE calls IN EXCLUSIVE MODE")
            try run(
                """
                SELECT setval('calls_id_seq', greatest(taken.last, 1), taken.last > 0)
                FROM calls_id_seq,
                    (SELECT greatest(?::bigint, (SELECT coalesce(max(id), 0) FROM calls)) AS last) AS taken
                WHERE last_value = ?
                """, [.integer(number), .integer(end)])
        }
    }
}
