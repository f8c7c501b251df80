import Glibc
import Reactor
import Wire

/// Log lines in the files of a folder: `combined.log` has all, `error.log` those of errors alone.
///
/// They are written by a thread of their own, so that nobody waits for the disk: lines for which a slow one leaves no
/// room in memory are left out here, and were on standard output. Lines gather for a moment, unless an error is among
/// them: to wake the thread for those of each call, instead of twice in that time, is dearer than to write them. Full
/// files become `combined.log.1` and so on, the oldest is removed.
package actor LogFiles {
    /// How large a file becomes, and how many full ones are kept beside it.
    package struct Limits: Sendable {
        package var bytes = 20 << 20
        package var files = 5

        package init() {}
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let thread = BlockingThread(name: "log")
    private nonisolated let backlog = Locked(Backlog())
    private let combined: LogFile
    private let errors: LogFile

    /// What waits for the disk.
    private struct Backlog {
        var lines: [UInt8] = []
        var errors: [UInt8] = []
        /// Bytes that are being written.
        var underWay = 0
        /// The thread will look.
        var isDue = false

        /// Bytes that may wait.
        private static let limit = 8 << 20

        /// Answers whether the thread is to be told.
        mutating func add(_ lines: [UInt8], _ errors: [UInt8]) -> Bool {
            let size = self.lines.count + self.errors.count + underWay
            guard size + lines.count + errors.count <= Self.limit else { return false }
            self.lines += lines
            self.errors += errors
            defer { isDue = true }
            return !isDue
        }

        mutating func take() -> (lines: [UInt8], errors: [UInt8]) {
            defer { (lines, errors, isDue) = ([], [], false) }
            underWay = lines.count + errors.count
            return (lines, errors)
        }
    }

    private static let gathering = Duration.milliseconds(20)

    /// `complain` is told, on the files' thread, why they cannot be written, once until they can be again.
    package init(folder: String, limits: Limits = Limits(), complain: @escaping @Sendable (String) -> Void) {
        combined = LogFile(folder: folder, name: "combined.log", limits, complain)
        errors = LogFile(folder: folder, name: "error.log", limits, complain)
        // Both are there from the start: whoever follows them need not wait for the first error.
        thread.execute { self.assumeIsolated { $0.open() } }
    }

    /// Queues whole lines, and those of them that are errors.
    nonisolated func write(_ lines: [UInt8], errors: [UInt8]) {
        let isFirst = backlog.withLock { $0.add(lines, errors) }
        if !errors.isEmpty {
            thread.execute { self.assumeIsolated { $0.drain() } }
        } else if isFirst {
            thread.execute(after: Self.gathering) { self.assumeIsolated { $0.drain() } }
        }
    }

    /// Writes what waits and ends the thread.
    package nonisolated func stop() { thread.stop() }

    private func open() {
        combined.open()
        errors.open()
    }

    private func drain() {
        let taken = backlog.withLock { $0.take() }
        if !taken.lines.isEmpty { combined.append(taken.lines) }
        if !taken.errors.isEmpty { errors.append(taken.errors) }
        backlog.withLock { $0.underWay = 0 }
    }
}

/// One file that is replaced when it is full.
private final class LogFile {
    private let folder: String
    private let path: String
    private let limits: LogFiles.Limits
    private let complain: @Sendable (String) -> Void
    private var descriptor: Int32 = -1
    private var size = 0
    private var hasComplained = false
    /// Not before this moment is a file that could not be opened tried again.
    private var retryAt = Instant.zero

    private static let retryInterval = Duration.seconds(10)

    init(folder: String, name: String, _ limits: LogFiles.Limits, _ complain: @escaping @Sendable (String) -> Void) {
        (self.folder, path, self.limits, self.complain) = (folder, "\(folder)/\(name)", limits, complain)
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Writes whole lines, as many to a file as it has room for.
    func append(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard open() else { return }
            if size > 0, lines(of: rest, within: limits.bytes - size) == 0 {
                rotate()
                guard open() else { return }
            }
            let count = lines(of: rest, within: limits.bytes - size)
            let piece = rest.prefix(count > 0 ? count : firstLine(of: rest))
            guard write(piece) else { return failed() }
            rest = rest.dropFirst(piece.count)
        }
        hasComplained = false
    }

    /// The bytes of the lines at the beginning that fit.
    private func lines(of bytes: ArraySlice<UInt8>, within room: Int) -> Int {
        if bytes.count <= room { return bytes.count }
        return bytes.prefix(max(0, room)).lastIndex(of: ASCII.lineFeed).map { $0 + 1 - bytes.startIndex } ?? 0
    }

    private func firstLine(of bytes: ArraySlice<UInt8>) -> Int {
        bytes.firstIndex(of: ASCII.lineFeed).map { $0 + 1 - bytes.startIndex } ?? bytes.count
    }

    private func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count > 0 { written += count } else if errno != EINTR { return false }
        }
        size += written
        return true
    }

    /// Opens the file if it is not; false while it cannot be.
    @discardableResult
    func open() -> Bool {
        if descriptor >= 0 { return true }
        guard SystemClock.now() >= retryAt else { return false }
        mkdir(folder, 0o750)
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            failed()
            return false
        }
        size = Int(lseek(descriptor, 0, SEEK_END))
        return true
    }

    private func failed() {
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { Glibc.close(descriptor) }
        (descriptor, retryAt) = (-1, SystemClock.now() + Self.retryInterval)
        if !hasComplained { complain("\(path): \(reason)") }
        hasComplained = true
    }

    private func rotate() {
        Glibc.close(descriptor)
        descriptor = -1
        for number in stride(from: limits.files - 1, to: 0, by: -1) {
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        if limits.files > 0 { rename(path, "\(path).1") } else { unlink(path) }
    }
}
