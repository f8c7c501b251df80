import Glibc

/// A file that a transfer reads or writes, from its beginning to its end; closed with it.
final class TransferFile {
    private let descriptor: Int32
    private(set) var hasFailed: Bool

    init(reading path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        hasFailed = descriptor < 0
    }

    /// Makes the file, or empties the one there is; only we may read it.
    init(writing path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        hasFailed = descriptor < 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The number of bytes read, 0 at the end; nil when it cannot be read.
    func read(into room: UnsafeMutableRawBufferPointer) -> Int? {
        let count = Glibc.read(descriptor, room.baseAddress, room.count)
        if count < 0 { hasFailed = true }
        return count < 0 ? nil : count
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            guard count > 0 else {
                hasFailed = true
                return false
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }
}
