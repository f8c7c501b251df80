import Crypto

/// The fetched sounds that somebody still hears: the same bytes are one sound, and all of them have their limit.
struct FetchedSounds {
    private struct Entry {
        weak var sound: Sound?
    }

    /// By the digest of what was fetched.
    private var entries: [[UInt8]: Entry] = [:]

    /// The sound of the same bytes, if anybody hears it, and else what `decode` makes of them.
    ///
    /// Throws `.noRoom` when there are `capacity` bytes of sound already.
    mutating func sound(
        of bytes: [UInt8], capacity: Int, decode: ([UInt8]) throws(SoundFileError) -> Sound
    ) throws(SoundFileError) -> Sound {
        let digest = Hash.sha256(bytes)
        if let sound = entries[digest]?.sound { return sound }
        entries = entries.filter { $0.value.sound != nil }
        guard size < capacity else { throw .noRoom }
        let sound = try decode(bytes)
        entries[digest] = Entry(sound: sound)
        return sound
    }

    /// What they take of memory, in bytes.
    var size: Int { entries.values.reduce(0) { $0 + ($1.sound?.size ?? 0) } }
}
