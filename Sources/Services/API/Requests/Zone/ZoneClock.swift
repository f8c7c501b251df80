import Glibc
import Wire

/// The clocks of a place, by the system's zone files (RFC 9636): how far they are ahead of UTC at any moment.
///
/// Foundation's zones bring 30 MB of ICU's data into the program, for this one question.
struct ZoneClock: Sendable {
    /// Larger files are not taken for zones; the largest of Debian has 4 kB.
    private static let maximumSize = 1 << 16
    private static let folder = "/usr/share/zoneinfo"

    /// The moments when the offset changes, in seconds since 1970, ascending; and to what.
    private var changes: [Int64] = []
    private var offsets: [Int64] = []
    /// Before the first change.
    private var earliest: Int64 = 0
    /// After the last one.
    private var rule: ZoneRule?

    static let utc = ZoneClock(offset: 0)

    /// One that never changes, in seconds ahead of UTC.
    init(offset: Int64) { earliest = offset }

    /// By a name such as `Europe/Moscow`, or a rule of POSIX such as `MSK-3`; nil for one that is not known here.
    init?(name: String) {
        if name == "UTC" {
            self = .utc
        } else if let bytes = Self.file(name), let clock = ZoneClock(file: bytes) {
            self = clock
        } else if let rule = ZoneRule(name) {
            self.init(offset: rule.standard)
            self.rule = rule
        } else {
            return nil
        }
    }

    /// From the bytes of a zone file of version 2 or later; nil when they are none.
    init?(file bytes: [UInt8]) {
        var reader = ByteReader(bytes.span.bytes)
        // The first table, with times of 32 bits, is for programs of before 1995.
        guard let old = Header(&reader), old.version >= UInt8(ascii: "2"), reader.skip(old.size(ofTime: 4)),
            let header = Header(&reader), header.types > 0,
            let changes = Self.times(header.changes, &reader), let indices = reader.array(header.changes),
            let types = Self.types(header.types, &reader), reader.skip(header.rest(ofTime: 8)),
            let tail = reader.array(reader.remaining)
        else { return nil }
        guard indices.allSatisfy({ Int($0) < types.count }), zip(changes, changes.dropFirst()).allSatisfy(<) else {
            return nil
        }
        self.changes = changes
        offsets = indices.map { types[Int($0)] }
        earliest = types[0]
        rule = ZoneRule(String(decoding: tail.dropFirst().prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// Seconds that clocks are ahead of UTC at a moment in seconds since 1970.
    func offset(at second: Int64) -> Int64 {
        guard let last = changes.last, second < last else {
            return rule?.offset(at: second) ?? offsets.last ?? earliest
        }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? earliest : offsets[low - 1]
    }

    private static func times(_ count: Int, _ reader: inout ByteReader) -> [Int64]? {
        var times: [Int64] = []
        for _ in 0..<count {
            guard let time = reader.uint64() else { return nil }
            times.append(Int64(bitPattern: time))
        }
        return times
    }

    /// The offset of each type of local time.
    private static func types(_ count: Int, _ reader: inout ByteReader) -> [Int64]? {
        var offsets: [Int64] = []
        for _ in 0..<count {
            // After the offset: whether it is summer, and where its name is.
            guard let offset = reader.uint32(), reader.skip(2) else { return nil }
            offsets.append(Int64(Int32(bitPattern: offset)))
        }
        return offsets
    }

    private static func file(_ name: String) -> [UInt8]? {
        let isName = name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "/_+-".utf8.contains($0) }
        guard isName, !name.isEmpty, !name.hasPrefix("/"), let file = fopen("\(folder)/\(name)", "re") else {
            return nil
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumSize)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}

/// How many of each thing a table of a zone file has.
private struct Header {
    let version: UInt8
    let changes: Int
    let types: Int
    private let names: Int
    private let leapSeconds: Int
    private let flags: Int

    init?(_ reader: inout ByteReader) {
        guard reader.array(4) == Array("TZif".utf8), let version = reader.uint8(), reader.skip(15),
            let utcFlags = reader.uint32(), let standardFlags = reader.uint32(), let leapSeconds = reader.uint32(),
            let changes = reader.uint32(), let types = reader.uint32(), let names = reader.uint32()
        else { return nil }
        self.version = version
        (self.changes, self.types, self.names) = (Int(changes), Int(types), Int(names))
        (self.leapSeconds, flags) = (Int(leapSeconds), Int(utcFlags) + Int(standardFlags))
    }

    func size(ofTime bytes: Int) -> Int { changes * (bytes + 1) + types * 6 + rest(ofTime: bytes) }

    /// What follows the types.
    func rest(ofTime bytes: Int) -> Int { names + leapSeconds * (bytes + 4) + flags }
}
