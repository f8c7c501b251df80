package import Wire

/// The levels of `LOG_LEVEL`, least to most severe.
package enum LogLevel: Int, Comparable, Sendable, CaseIterable {
    case trace
    case debug
    case info
    case warn
    case error

    package init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { ASCII.equalIgnoringCase($0.name, name) }) else { return nil }
        self = level
    }

    package var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .warn: "warn"
        case .error: "error"
        }
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Writes structured log lines: a message that never varies, and fields that carry what does.
///
/// Personal values go in as `Private`; the sink sees only their mask.
package struct Logger: Sendable {
    private let sink: any LogSink
    private let label: String
    private let context: [LogField]
    /// Lines of this level and above are written, whatever the sink's own level is.
    private var floor: LogLevel?

    package init(label: String, sink: any LogSink, context: [LogField] = []) {
        self.label = label
        self.sink = sink
        self.context = context
    }

    /// Drops everything: for tests and for parts that are used without a server around them.
    package static let silent = Logger(label: "", sink: SilentLogSink())

    /// The same logger with fields that every line shall carry, such as a call id.
    package func with(_ fields: LogField...) -> Logger {
        Logger(label: label, sink: sink, context: context + fields)
    }

    package func labelled(_ label: String) -> Logger { Logger(label: label, sink: sink, context: context) }

    /// The same logger, which writes from this level on, whatever all others write; nil: as they do.
    package func writing(from floor: LogLevel?) -> Logger {
        var logger = self
        logger.floor = floor
        return logger
    }

    package func trace(_ message: String, _ fields: @autoclosure () -> [LogField] = []) { log(.trace, message, fields) }
    package func debug(_ message: String, _ fields: @autoclosure () -> [LogField] = []) { log(.debug, message, fields) }
    package func info(_ message: String, _ fields: @autoclosure () -> [LogField] = []) { log(.info, message, fields) }
    package func warn(_ message: String, _ fields: @autoclosure () -> [LogField] = []) { log(.warn, message, fields) }
    package func error(_ message: String, _ fields: @autoclosure () -> [LogField] = []) { log(.error, message, fields) }

    /// At a level that is decided elsewhere.
    package func log(_ level: LogLevel, _ message: String, _ fields: @autoclosure () -> [LogField]) {
        log(level, message, fields)
    }

    private func log(_ level: LogLevel, _ message: String, _ fields: () -> [LogField]) {
        guard sink.accepts(level) || floor.map({ level >= $0 }) == true else { return }
        let fields = fields()
        let all = context.isEmpty ? fields : context + fields
        sink.write(LogLine(level: level, label: label, message: message, fields: all))
    }
}

/// One named value of a log line.
package struct LogField: Sendable {
    package enum Value: Sendable {
        case text(String)
        /// Written without being a text before: nearly every line of a call has one.
        case id(UUID)
        case integer(Int64)
        case number(Double)
        case flag(Bool)

        /// What is written of it where it stands among texts; nil for numbers and flags.
        package var text: String? {
            switch self {
            case .text(let text): text
            case .id(let id): id.description
            case .integer, .number, .flag: nil
            }
        }
    }

    package let name: String
    package let value: Value

    package init(_ name: String, _ text: String) { (self.name, value) = (name, .text(text)) }
    package init(_ name: String, _ integer: some BinaryInteger) {
        (self.name, value) = (name, .integer(Int64(clamping: integer)))
    }
    package init(_ name: String, _ id: UUID) { (self.name, value) = (name, .id(id)) }
    package init(_ name: String, _ number: Double) { (self.name, value) = (name, .number(number)) }
    package init(_ name: String, _ flag: Bool) { (self.name, value) = (name, .flag(flag)) }
    package init(_ name: String, _ secret: Private<String>) { (self.name, value) = (name, .text(secret.description)) }
    package init(_ name: String, _ any: some CustomStringConvertible) {
        (self.name, value) = (name, .text(any.description))
    }
}

package struct LogLine: Sendable {
    package let level: LogLevel
    package let label: String
    package let message: String
    package let fields: [LogField]
}

/// Where log lines go: the process's output (Observability), or a test's memory.
package protocol LogSink: Sendable {
    func accepts(_ level: LogLevel) -> Bool
    func write(_ line: LogLine)
}

private struct SilentLogSink: LogSink {
    func accepts(_: LogLevel) -> Bool { false }
    func write(_: LogLine) {}
}
