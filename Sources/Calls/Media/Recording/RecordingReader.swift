import Glibc
import Reactor

/// Reads recordings for those who listen to them, on a thread of its own: neither packets nor recordings wait for it.
struct RecordingReader: Sendable {
    private let folder: String
    private let thread = BlockingThread(name: "recordings")

    /// What is answered at once; a server's answers are queued whole.
    static let longestPiece = 24 << 20

    init(dataFolder: String) { folder = dataFolder }

    func stop() { thread.stop() }

    /// Reads a range of a file, or its beginning; `then` is called on the reader's thread, with nil when there is no such
    /// file and an empty piece when it has no such range.
    func read(_ path: RecordingPath, _ range: ByteRange?, then: @escaping @Sendable (RecordingPiece?) -> Void) {
        let place = "\(folder)/\(path)"
        thread.execute { then(Self.read(place, path.format, range)) }
    }

    private static func read(_ place: String, _ format: RecordingFormat, _ range: ByteRange?) -> RecordingPiece? {
        let descriptor = open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let total = Int(status.st_size)
        let wanted = (range ?? .from(0, through: nil)).resolved(in: total, longest: longestPiece) ?? 0..<0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted.count) { room, count in
            while count < wanted.count {
                let read = pread(
                    descriptor, room.baseAddress.map { $0 + count }, wanted.count - count,
                    off_t(wanted.lowerBound + count))
                guard read > 0 else { return }
                count += read
            }
        }
        return RecordingPiece(bytes: bytes, offset: wanted.lowerBound, total: total, format: format)
    }
}
