import Glibc

/// Music on hold of the operator's own (`MUSIC_ON_HOLD`).
package enum HoldMusicFiles {
    /// What is kept in memory at most, in seconds.
    package static let longest = 1800

    /// Decodes a WAV or Ogg file, or all those of a folder in the order of their names; blocks.
    package static func load(_ path: String) throws(SoundFileError) -> Sound {
        var contents: [SoundFile.Content] = []
        var left = longest
        for file in try files(path) {
            let content = try SoundFile.decode(file, longest: left)
            left -= Int(content.seconds.rounded(.up))
            contents.append(content)
        }
        return Sound(contents)
    }

    private static func files(_ path: String) throws(SoundFileError) -> [String] {
        guard let real = resolved(path) else { throw .notFound }
        guard let folder = opendir(real) else { return [real] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isSound = [".wav", ".ogg"].contains { name.lowercased().hasSuffix($0) }
            if !name.hasPrefix("."), isSound { names.append(name) }
        }
        guard !names.isEmpty else { throw .noFiles }
        return names.sorted().compactMap { resolved("\(real)/\($0)") }
    }

    /// The operator may link to files elsewhere.
    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
