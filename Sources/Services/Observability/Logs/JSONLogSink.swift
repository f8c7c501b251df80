import Glibc
import Synchronization
package import Telemetry
package import Wire

/// Writes log lines as JSON, one line each, to a file descriptor (standard output), and to files if there are some.
///
/// Each is written at once, until `gather` says when there is a better moment: a write per line is dear when every call
/// has several. Warnings and errors take all before them along without waiting.
package final class JSONLogSink: LogSink {
    private let descriptor: Int32
    /// What each message begins with.
    private let prefix: String
    private let minimum: Atomic<Int>
    private let wallTime: @Sendable () -> WallTime
    private let gathered = Locked(Gathered())

    private struct Gathered {
        var bytes: [UInt8] = []
        /// The lines of errors among them, for a file of their own.
        var errors: [UInt8] = []
        var files: LogFiles?
        /// Told which part an error is of.
        var countError: (@Sendable (String) -> Void)?
        /// Has something run soon; false when this thread cannot.
        var postpone: (@Sendable (@escaping @Sendable () -> Void) -> Bool)?
        var clock = LogClock()
    }

    /// Lines that are kept at most, in bytes.
    private static let gatheredLimit = 64 << 10

    package init(
        descriptor: Int32 = STDOUT_FILENO, level: LogLevel, prefix: String = "",
        wallTime: @escaping @Sendable () -> WallTime
    ) {
        (self.descriptor, self.prefix) = (descriptor, prefix)
        self.wallTime = wallTime
        minimum = Atomic(level.rawValue)
    }

    package var level: LogLevel { LogLevel(rawValue: minimum.load(ordering: .relaxed)) ?? .info }

    package func setLevel(_ level: LogLevel) { minimum.store(level.rawValue, ordering: .relaxed) }

    package func accepts(_ level: LogLevel) -> Bool { level.rawValue >= minimum.load(ordering: .relaxed) }

    /// From here on lines may wait for each other until what `postpone` is given runs; it answers whether it will.
    package func gather(_ postpone: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool) {
        gathered.withLock { $0.postpone = postpone }
    }

    /// From here on files have the lines as well.
    package func keep(in files: LogFiles) { gathered.withLock { $0.files = files } }

    /// From here on `count` is told which part each error is of.
    package func countErrors(_ count: @escaping @Sendable (String) -> Void) {
        gathered.withLock { $0.countError = count }
    }

    package func write(_ line: LogLine) {
        let moment = wallTime()
        let rest = Self.encoded(line, prefix: prefix)
        gathered.withLock { gathered in
            let isFirst = gathered.bytes.isEmpty
            let start = gathered.bytes.count
            gathered.clock.begin(&gathered.bytes, at: moment)
            gathered.bytes += rest
            gathered.bytes.append(ASCII.lineFeed)
            if line.level == .error {
                gathered.countError?(line.label)
                if gathered.files != nil { gathered.errors += gathered.bytes[start...] }
            }
            let mayWait = line.level < .warn && gathered.bytes.count < Self.gatheredLimit
            if mayWait, let postpone = gathered.postpone, !isFirst || postpone({ [weak self] in self?.flush() }) {
                return
            }
            writeOut(&gathered)
        }
    }

    /// Writes what was gathered.
    package func flush() { gathered.withLock { writeOut(&$0) } }

    /// Under the lock, so that lines of several threads do not mix.
    private func writeOut(_ gathered: inout Gathered) {
        guard !gathered.bytes.isEmpty else { return }
        writeAll(gathered.bytes)
        gathered.files?.write(gathered.bytes, errors: gathered.errors)
        gathered.bytes.removeAll(keepingCapacity: true)
        gathered.errors.removeAll()
    }

    package static func encode(_ line: LogLine, at moment: WallTime, prefix: String = "", to text: inout [UInt8]) {
        var clock = LogClock()
        clock.begin(&text, at: moment)
        text += encoded(line, prefix: prefix)
    }

    /// What comes behind the moment.
    private static func encoded(_ line: LogLine, prefix: String) -> [UInt8] {
        var text = OctetWriter(capacity: 512)
        text.append(#"","level":""# as StaticString)
        text.append(line.level.name)
        text.append(#"","logger":"# as StaticString)
        JSONValue.write(line.label, to: &text)
        text.append(#","message":"# as StaticString)
        JSONValue.write(prefix.isEmpty ? line.message : prefix + line.message, to: &text)
        for index in line.fields.indices where !isTaken(index, of: line) {
            text.append(UInt8(ascii: ","))
            write(line.fields[index], to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return text.bytes
    }

    /// Whether a field has the name of one before it.
    private static func isTaken(_ index: Int, of line: LogLine) -> Bool {
        let name = line.fields[index].name
        return isOwn(name) || (0..<index).contains { line.fields[$0].name == name }
    }

    /// Few names begin as ours do, and the others need no more looking at.
    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.first {
        case UInt8(ascii: "t"), UInt8(ascii: "l"), UInt8(ascii: "m"): ownNames.contains(name)
        default: false
        }
    }

    private static let ownNames = ["timestamp", "level", "logger", "message"]

    private static func write(_ field: LogField, to text: inout OctetWriter) {
        JSONValue.write(field.name, to: &text)
        text.append(ASCII.colon)
        switch field.value {
        case .text(let value): JSONValue.write(value, to: &text)
        case .id(let id):
            text.append(UInt8(ascii: "\""))
            text.append(id)
            text.append(UInt8(ascii: "\""))
        case .integer(let number): text.append(decimal: number)
        case .number(let number): JSONValue.number(number).write(to: &text)
        case .flag(let flag): text.append(flag ? "true" : "false" as StaticString)
        }
    }

    /// A full pipe blocks, as for any program that logs to standard output; a closed one is ignored.
    private func writeAll(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent)
            }
            if count > 0 { sent += count } else if errno != EINTR { return }
        }
    }
}
