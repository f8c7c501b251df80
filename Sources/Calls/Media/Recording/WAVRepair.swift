import Glibc
import Wire

/// Mends WAV files whose writer died: the lengths in the header are made those of the file.
enum WAVRepair {
    /// Bytes before the samples in the files we write.
    static let headerSize = 44
    /// Chunks looked at before the samples.
    private static let chunks = 16

    /// Answers whether anything had to be changed; what is no WAV file is left alone.
    @discardableResult
    static func repair(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, let data = findData(descriptor) else { return false }
        // Whole samples of both channels.
        let length = (Int(status.st_size) - data.start) & ~3
        guard length >= 0, let wanted = UInt32(exactly: data.start + length - 8),
            data.length != UInt32(length) || word(descriptor, at: 4) != wanted
        else { return false }
        return put(descriptor, UInt32(length), at: data.start - 4) && put(descriptor, wanted, at: 4)
    }

    /// Where the samples begin, and how long the header says they are.
    private static func findData(_ descriptor: Int32) -> (start: Int, length: UInt32)? {
        guard word(descriptor, at: 0) == tag("RIFF"), word(descriptor, at: 8) == tag("WAVE") else { return nil }
        var place = 12
        for _ in 0..<chunks {
            guard let name = word(descriptor, at: place), let length = word(descriptor, at: place + 4) else {
                return nil
            }
            if name == tag("data") { return (place + 8, length) }
            place += 8 + Int(length) + Int(length & 1)
        }
        return nil
    }

    private static func tag(_ name: StaticString) -> UInt32 {
        UnsafeRawBufferPointer(start: name.utf8Start, count: 4).loadUnaligned(as: UInt32.self).littleEndian
    }

    private static func word(_ descriptor: Int32, at place: Int) -> UInt32? {
        var value: UInt32 = 0
        return pread(descriptor, &value, 4, off_t(place)) == 4 ? UInt32(littleEndian: value) : nil
    }

    private static func put(_ descriptor: Int32, _ value: UInt32, at place: Int) -> Bool {
        var value = value.littleEndian
        return pwrite(descriptor, &value, 4, off_t(place)) == 4
    }
}
