import CPostgres
import Wire

/// Many rows at once.
extension PostgresConnection {
    /// What is gathered before it is handed to libpq, which waits until the server takes it.
    private static let portion = 1 << 16

    /// Runs `COPY … FROM STDIN` with the rows that `fill` gives one by one; a failure of either leaves none of them.
    func copy(
        _ statement: String,
        rows fill: (_ add: ([SQLValue]) throws(SQLFailure) -> Void) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        try beginCopy(statement)
        do throws(SQLFailure) {
            var rows = PostgresRows()
            try fill { (values) throws(SQLFailure) in
                rows.append(values)
                if rows.bytes.count >= Self.portion { try send(&rows) }
            }
            try send(&rows)
        } catch {
            // The server says why it is gone, or that it was told to give up.
            let said = finishCopy(giveUp: error.message)
            throw said.map { $0.kind == .unreachable ? $0 : error } ?? error
        }
        if let refusal = finishCopy(giveUp: nil) { throw refusal }
    }

    private func beginCopy(_ statement: String) throws(SQLFailure) {
        guard PQsendQuery(pointer, statement) == 1 else { throw failure }
        try awaitResult(until: nil)
        guard let answer = PQgetResult(pointer).map(PostgresResult.init) else { throw failure }
        guard PQresultStatus(answer.pointer) != PGRES_COPY_IN else { return }
        let refusal = answer.failure(isBroken: isBroken)
        while let rest = PQgetResult(pointer) { PQclear(rest) }
        throw refusal ?? SQLFailure(.other, message: "the server takes no rows")
    }

    private func send(_ rows: inout PostgresRows) throws(SQLFailure) {
        let sent = rows.bytes.withUnsafeBytes { buffer in
            PQputCopyData(
                pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: buffer.count))
        }
        rows.removeAll()
        guard sent == 1 else { throw failure }
    }

    /// Ends the rows; answers why the server did not take them.
    private func finishCopy(giveUp reason: String?) -> SQLFailure? {
        guard PQputCopyEnd(pointer, reason) == 1 else { return failure }
        var refusal: SQLFailure?
        while let result = PQgetResult(pointer).map(PostgresResult.init) {
            refusal = refusal ?? result.failure(isBroken: isBroken)
            if isBroken { break }
        }
        return refusal
    }
}
