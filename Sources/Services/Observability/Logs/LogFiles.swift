import Glibc
import Reactor
import Synchronization
import Wire

/// Log lines in the files of a folder: `combined.log` has all, `error.log` those of errors alone.
///
/// They are written by a thread of their own, so that nobody waits for the disk: lines for which a slow one leaves no room
/// in memory are left out here, and were on standard output. Full files become `combined.log.1` and so on, the oldest is
/// removed.
package actor LogFiles {
    /// How large a file becomes, and how many full ones are kept beside it.
    package struct Limits: Sendable {
        package var bytes = 20 << 20
        package var files = 5

        package init() {}
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let thread = BlockingThread(name: "log")
    private nonisolated let waiting = Atomic(0)
    private let combined: LogFile
    private let errors: LogFile

    /// Bytes that may wait for the disk.
    private static let patience = 8 << 20

    /// `complain` is told, on the files' thread, why they cannot be written, once until they can be again.
    package init(folder: String, limits: Limits = Limits(), complain: @escaping @Sendable (String) -> Void) {
        combined = LogFile(folder: folder, name: "combined.log", limits, complain)
        errors = LogFile(folder: folder, name: "error.log", limits, complain)
        // Both are there from the start: whoever follows them need not wait for the first error.
        thread.execute { self.assumeIsolated { $0.open() } }
    }

    /// Queues whole lines, and those of them that are errors.
    nonisolated func write(_ lines: [UInt8], errors: [UInt8]) {
        let size = lines.count + errors.count
        guard waiting.load(ordering: .relaxed) + size <= Self.patience else { return }
        waiting.add(size, ordering: .relaxed)
        thread.execute { self.assumeIsolated { $0.append(lines, errors) } }
    }

    /// Writes what waits and ends the thread.
    package nonisolated func stop() { thread.stop() }

    private func open() {
        combined.append([])
        errors.append([])
    }

    private func append(_ lines: [UInt8], _ errorLines: [UInt8]) {
        combined.append(lines)
        if !errorLines.isEmpty { errors.append(errorLines) }
        waiting.subtract(lines.count + errorLines.count, ordering: .relaxed)
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

    func append(_ bytes: [UInt8]) {
        if descriptor >= 0, size > 0, size + bytes.count > limits.bytes { rotate() }
        guard descriptor >= 0 || open() else { return }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count > 0 { written += count } else if errno != EINTR { return failed() }
        }
        size += written
        hasComplained = false
    }

    private func open() -> Bool {
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
