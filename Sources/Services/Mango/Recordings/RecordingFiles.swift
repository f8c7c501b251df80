import Crypto
import Glibc
package import Reactor
import Web
import Wire

/// Recordings on their way from the exchange to the object store: files of ours, read on a thread of their own.
package actor RecordingFiles {
    private nonisolated let thread: BlockingThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let folder: String

    private static let piece = 1 << 16

    /// `folder` is made when it is first needed.
    package init(folder: String, thread: BlockingThread) { (self.folder, self.thread) = (folder, thread) }

    /// Where a recording is kept meanwhile; the same for each attempt, so that none leaves anything behind.
    nonisolated func path(of recordingID: String) -> String {
        "\(folder)/\(Hex.encode(Hash.sha256(recordingID)).prefix(32)).part"
    }

    /// Makes the folder, and removes what an earlier run has left in it.
    func prepare() {
        mkdir(folder, 0o700)
        guard let stream = opendir(folder) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name.hasSuffix(".part") { remove("\(folder)/\(name)") }
        }
    }

    func remove(_ path: String) { unlink(path) }

    /// How long a file is, and its SHA-256; nil when it cannot be read.
    func measure(_ path: String) -> (file: HTTPFile, sha256: String)? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let (hash, buffer) = (
            HashStream(.sha256), UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 8)
        )
        defer { buffer.deallocate() }
        var size: Int64 = 0
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            size += Int64(count)
        }
        return (HTTPFile(path: path, size: size), Hex.encode(hash.finish()))
    }
}
