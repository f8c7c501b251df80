/// The sound files of one folder, decoded on a thread of their own when they are first asked for.
///
/// What was decoded is kept while there is room, so that a file played again costs nothing.
package actor SoundFiles {
    private struct Entry {
        let sound: Sound
        let version: FileVersion
        /// When it was asked for last, counted in questions.
        var usedAt: Int
    }

    private nonisolated let thread: any SerialExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let folder: String
    private var entries: [String: Entry] = [:]
    private var questions = 0

    /// One file, in seconds.
    package static let longest = 600
    /// What is fetched to be played, in bytes: ten minutes of linear samples at 16 kHz.
    package static let longestFetched = 20 << 20
    /// Of what is fetched, in Hz: what others send must not take longer to decode than anybody can hear.
    package static let highestFetchedRate = 48_000
    /// All that is kept, in bytes: about twenty minutes.
    private let capacity: Int
    private var fetched = FetchedSounds()
    /// All that was fetched and is heard, in bytes, but for the last one: about an hour and a half.
    private let fetchedCapacity: Int

    package init(
        folder: String, thread: any SerialExecutor, capacity: Int = 64 << 20, fetchedCapacity: Int = 256 << 20
    ) {
        (self.folder, self.thread, self.capacity) = (folder, thread, capacity)
        self.fetchedCapacity = fetchedCapacity
    }

    /// The sound of a file of the folder, named without any path.
    package func sound(named name: String) throws(SoundFileError) -> Sound {
        guard Self.isPlain(name) else { throw .notFound }
        let path = "\(folder)/\(name)"
        guard let version = FileVersion(path) else {
            entries[name] = nil
            throw .notFound
        }
        questions += 1
        if let entry = entries[name], entry.version == version {
            entries[name]?.usedAt = questions
            return entry.sound
        }
        let sound = Sound([try SoundFile.decode(path, longest: Self.longest)])
        entries[name] = Entry(sound: sound, version: version, usedAt: questions)
        makeRoom()
        return sound
    }

    /// The sound of what a file would hold; it is shared while it is heard, and not kept.
    package func sound(in bytes: [UInt8]) throws(SoundFileError) -> Sound {
        try fetched.sound(of: bytes, capacity: fetchedCapacity) { bytes throws(SoundFileError) in
            Sound([try SoundFile.decode(bytes, longest: Self.longest, highest: Self.highestFetchedRate)])
        }
    }

    /// A name that leads nowhere but into the folder.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255 && !name.hasPrefix(".")
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
    }

    private func makeRoom() {
        while entries.count > 1, entries.values.reduce(0, { $0 + $1.sound.size }) > capacity,
            let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            entries[oldest.key] = nil
        }
    }

    /// What is kept, in bytes.
    package var size: Int { entries.values.reduce(0) { $0 + $1.sound.size } }
}
