import Glibc
import Wire

/// The files of recordings below the data folder, and the room they may take.
///
/// Belongs to the recorder's thread.
struct RecordingFolder {
    private struct Entry {
        let path: RecordingPath
        let size: Int
        /// When it was written last, in seconds since 1970.
        let changedAt: Int
    }

    private let root: String
    private let limit: Int
    /// Files that are whole, the oldest first.
    private var finished: [Entry] = []
    private var finishedBytes = 0

    /// `limit` is in bytes, for all recordings together.
    init(dataFolder: String, limit: Int) { (root, self.limit) = (dataFolder, limit) }

    /// Looks through what earlier runs left and mends what they could not end; answers how many files that were.
    mutating func survey() -> Int {
        var repaired = 0
        finished = []
        for day in Self.names(in: "\(root)/\(RecordingPath.folder)") {
            for name in Self.names(in: "\(root)/\(RecordingPath.folder)/\(day)") {
                guard let path = RecordingPath("\(RecordingPath.folder)/\(day)/\(name)") else { continue }
                if path.format == .wav, WAVRepair.repair(place(path)) { repaired += 1 }
                if let entry = entry(path) { finished.append(entry) }
            }
        }
        finished.sort { ($0.changedAt, $0.path.description) < ($1.changedAt, $1.path.description) }
        finishedBytes = finished.reduce(0) { $0 + $1.size }
        return repaired
    }

    func place(_ path: RecordingPath) -> String { "\(root)/\(path)" }

    /// Makes the file of a recording; it must not exist.
    func create(_ path: RecordingPath) throws(RecordingFailure) -> Int32 {
        for folder in [root, "\(root)/\(RecordingPath.folder)", "\(root)/\(RecordingPath.folder)/\(path.dayFolder)"] {
            if mkdir(folder, 0o750) != 0, errno != EEXIST { throw .notCreated(errno) }
        }
        let descriptor = open(place(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw .notCreated(errno) }
        return descriptor
    }

    /// A recording is whole: from now on it may be removed.
    mutating func add(_ path: RecordingPath) {
        guard let entry = entry(path) else { return }
        finished.append(entry)
        finishedBytes += entry.size
    }

    /// Removes a file that nothing was written to.
    func discard(_ path: RecordingPath) { unlink(place(path)) }

    /// Removes the oldest files until the limit is kept, with so many bytes being written; false when that is in vain.
    mutating func makeRoom(beside active: Int) -> Bool {
        var removed = 0
        while finishedBytes + active > limit, removed < finished.count {
            let entry = finished[removed]
            unlink(place(entry.path))
            finishedBytes -= entry.size
            removed += 1
            let isLastOfDay = removed == finished.count || finished[removed].path.day != entry.path.day
            // Fails, as it should, while there is anything in it.
            if isLastOfDay { rmdir("\(root)/\(RecordingPath.folder)/\(entry.path.dayFolder)") }
        }
        finished.removeFirst(removed)
        return finishedBytes + active <= limit
    }

    private func entry(_ path: RecordingPath) -> Entry? {
        var status = stat()
        guard lstat(place(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Entry(path: path, size: Int(status.st_size), changedAt: status.st_mtim.tv_sec)
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
