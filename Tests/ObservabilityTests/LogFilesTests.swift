import Foundation
import Observability
import Synchronization
import Telemetry
import Testing
import Wire

/// A folder of the test's own, removed at its end.
private final class Folder {
    let path = NSTemporaryDirectory() + "tandem-logs-" + Foundation.UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

struct LogFilesTests {
    private let folder = Folder()
    private let silence = FileHandle(forWritingAtPath: "/dev/null")

    private func sink(_ files: LogFiles) throws -> JSONLogSink {
        let sink = JSONLogSink(
            descriptor: try #require(silence).fileDescriptor, level: .info,
            wallTime: { WallTime(milliseconds: 0) })
        sink.keep(in: files)
        return sink
    }

    @Test func `all lines are in one file, and errors in another as well`() throws {
        let files = LogFiles(folder: folder.path) { Issue.record("\($0)") }
        let logger = Logger(label: "calls", sink: try sink(files))
        logger.info("one")
        logger.error("two")
        logger.warn("three")
        files.stop()
        let combined = try #require(folder.text("combined.log")).split(separator: "\n")
        #expect(combined.count == 3)
        #expect(combined.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        let errors = try #require(folder.text("error.log")).split(separator: "\n")
        #expect(errors == [combined[1]])
    }

    @Test func `a full file makes room for the next, and only so many are kept`() throws {
        var limits = LogFiles.Limits()
        (limits.bytes, limits.files) = (1000, 2)
        let files = LogFiles(folder: folder.path, limits: limits) { Issue.record("\($0)") }
        let logger = Logger(label: "calls", sink: try sink(files))
        for number in 0..<100 { logger.info("line", [LogField("number", number)]) }
        files.stop()
        let names = folder.names.filter { $0.hasPrefix("combined") }
        #expect(names == ["combined.log", "combined.log.1", "combined.log.2"])
        for name in names { #expect(try #require(folder.text(name)).utf8.count <= 1000) }
        #expect(try #require(folder.text("combined.log")).contains(#""number":99}"#))
    }

    @Test func `lines that gathered are spread over files whole, and a long one has a file of its own`() throws {
        var limits = LogFiles.Limits()
        (limits.bytes, limits.files) = (400, 20)
        let files = LogFiles(folder: folder.path, limits: limits) { Issue.record("\($0)") }
        let logger = Logger(label: "calls", sink: try sink(files))
        for number in 0..<20 {
            logger.info(number == 7 ? String(repeating: "long", count: 200) : "line", [LogField("number", number)])
        }
        files.stop()
        let texts = folder.names.filter { $0.hasPrefix("combined") }.compactMap { folder.text($0) }
        #expect(texts.allSatisfy { $0.utf8.count <= 400 || $0.split(separator: "\n").count == 1 })
        let lines = texts.flatMap { $0.split(separator: "\n") }
        #expect(lines.count == 20 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test func `what an earlier run wrote stays`() throws {
        for message in ["first", "second"] {
            let files = LogFiles(folder: folder.path) { Issue.record("\($0)") }
            Logger(label: "calls", sink: try sink(files)).info(message)
            files.stop()
        }
        #expect(try #require(folder.text("combined.log")).split(separator: "\n").count == 2)
    }

    @Test func `a folder that cannot be made is told of once, and nobody fails`() throws {
        let complaints = Mutex<[String]>([])
        let files = LogFiles(folder: "/proc/nowhere") { complaint in complaints.withLock { $0.append(complaint) } }
        let logger = Logger(label: "calls", sink: try sink(files))
        for _ in 0..<10 { logger.error("lost here") }
        files.stop()
        #expect(complaints.withLock { $0.count } == 2)
        #expect(complaints.withLock { $0.allSatisfy { $0.hasPrefix("/proc/nowhere/") } })
    }
}
