import CPostgres
import Wire

/// A prepared statement: its name at the server, and which of the values are its parameters.
struct PostgresStatement {
    let name: String
    let values: [Int]
}

/// Owns what a server answered.
final class PostgresResult {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    /// How many rows the statement changed.
    var changes: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// Nil when the statement was carried out.
    func failure(isBroken: Bool) -> SQLFailure? {
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return nil
        default: break
        }
        let state = tandem_postgres_state(pointer).map { String(cString: $0) } ?? ""
        let said = tandem_postgres_primary(pointer) ?? PQresultErrorMessage(pointer)
        let message = said.map { String(cString: $0) } ?? "no reason was given"
        return SQLFailure(
            isBroken ? .unreachable : Self.kind(state), code: state, message: message, columns: columns)
    }

    /// By the classes of PostgreSQL's error codes.
    private static func kind(_ state: String) -> SQLFailure.Kind {
        switch state {
        case "23503": .foreignKey
        // Also what cannot be converted, and more than an index can hold.
        case "42804", "42846", "54000": .value
        case "42501": .unusable
        // A transaction that cannot be put in a row with others, and a deadlock.
        case "40001", "40P01": .collision
        // Out of connections, and a server that is about to stop or start.
        case "53300", "57P01", "57P02", "57P03": .unreachable
        default:
            switch state.prefix(2) {
            case "23": .constraint
            case "22": .value
            case "08", "": .unreachable
            case "28": .unusable
            default: .other
            }
        }
    }

    /// The server says `Key (login)=(anna) already exists.`, in its own language but for the brackets.
    private var columns: String? {
        guard let table = tandem_postgres_table(pointer), let detail = tandem_postgres_detail(pointer) else {
            return nil
        }
        let text = String(cString: detail)
        guard let open = text.firstIndex(of: "("), let close = text.firstRange(of: ")=(") else { return nil }
        let names = text[text.index(after: open)..<close.lowerBound].split(separator: ", ")
        return names.map { "\(String(cString: table)).\($0)" }.joined(separator: ", ")
    }
}

/// One row of an answer; everything in it is text.
struct PostgresRow {
    private let result: OpaquePointer
    private let row: Int32

    init(_ result: OpaquePointer, _ row: Int32) { (self.result, self.row) = (result, row) }

    func isNull(_ column: Int32) -> Bool { PQgetisnull(result, row, column) == 1 }

    /// A whole number, also what there is before the point of a decimal one; true is 1.
    func integer(_ column: Int32) -> Int64 {
        let bytes = bytes(column)
        if bytes.first == UInt8(ascii: "t") { return 1 }
        let isNegative = bytes.first == UInt8(ascii: "-")
        let magnitude = bytes.dropFirst(isNegative ? 1 : 0).prefix(while: ASCII.isDigit).reduce(Int64(0)) {
            $0 &* 10 &- Int64($1 - ASCII.zero)
        }
        return isNegative ? magnitude : 0 &- magnitude
    }

    /// `2025-11-10 12:00:00.123+00`; moments beyond our calendar are its first and last.
    func time(_ column: Int32) -> WallTime {
        let text = text(column)
        if let time = WallTime(iso8601: text) { return time }
        return text.hasPrefix("-") || text.hasSuffix("BC") ? PostgresTime.first : PostgresTime.last
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    private func bytes(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = PQgetvalue(result, row, column).map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }
        return UnsafeBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
    }
}

/// The moments that are written as dates; what lies beyond is infinitely far.
enum PostgresTime {
    static let first = WallTime(milliseconds: CivilDate(year: 1, month: 1, day: 1).daysSinceEpoch * 86_400_000)
    static let last = WallTime(
        milliseconds: CivilDate(year: 10_000, month: 1, day: 1).daysSinceEpoch * 86_400_000 - 1)
}
