import Glibc
import Wire

@testable import Media

/// A folder of a test's own, gone with it.
final class TestFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/tandem-recordings-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RecordingFailure.notCreated(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove(path, isFolder: true) }

    func make(_ name: String) throws -> Int32 {
        let descriptor = open("\(path)/\(name)", O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw RecordingFailure.notCreated(errno) }
        return descriptor
    }

    func bytes(_ name: String) -> [UInt8] { Self.bytes("\(path)/\(name)") }

    func write(_ bytes: [UInt8], to name: String) throws {
        let descriptor = try make(name)
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw RecordingFailure.notWritten(errno)
        }
    }

    static func bytes(_ place: String) -> [UInt8] {
        let descriptor = open(place, O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while case let count = read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
        return bytes
    }

    private func remove(_ place: String, isFolder: Bool) {
        if isFolder, let stream = opendir(place) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                }
                guard name != ".", name != ".." else { continue }
                remove("\(place)/\(name)", isFolder: entry.pointee.d_type == UInt8(DT_DIR))
            }
            closedir(stream)
        }
        Glibc.remove(place)
    }
}

/// A stereo WAV file as a player would read it, by the lengths of its header.
struct ReadWAV {
    let rate: Int
    let left: [Double]
    let right: [Double]

    /// Nil when the header does not fit the file.
    init?(_ bytes: [UInt8]) {
        func word(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }
        guard bytes.count >= 44, Array(bytes[0..<4]) == Array("RIFF".utf8), word(4) == bytes.count - 8,
            Array(bytes[36..<40]) == Array("data".utf8), word(40) == bytes.count - 44, bytes[22] == 2
        else { return nil }
        rate = word(24)
        let samples = stride(from: 44, to: bytes.count - 1, by: 2).map {
            Double(Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8))
        }
        left = stride(from: 0, to: samples.count, by: 2).map { samples[$0] }
        right = stride(from: 1, to: samples.count, by: 2).map { samples[$0] }
    }

    /// Milliseconds.
    var duration: Int { left.count * 1000 / rate }
}

func somePath(_ format: RecordingFormat = .wav, part: Int = 1, day: Int64 = 0) -> RecordingPath {
    var entropy = Entropy(seed: UInt64(part) + UInt64(day) * 100)
    return RecordingPath(
        call: UUID(using: &entropy), at: WallTime(milliseconds: day * 86_400_000), part: part, format: format)
}
