import Glibc

/// The messages of the SIP torture tests, byte for byte, from `Tests/SIPTests/Resources`.
enum TortureResources {
    struct Missing: Error {
        let path: String
    }

    /// Reads `<folder>/<name>.dat`.
    static func bytes(_ folder: String, _ name: String, file: String = #filePath) throws -> [UInt8] {
        try read("\(resources(file))/\(folder)/\(name).dat")
    }

    /// The names of a folder's messages, sorted.
    static func names(in folder: String, file: String = #filePath) throws -> [String] {
        let path = "\(resources(file))/\(folder)"
        guard let directory = opendir(path) else { throw Missing(path: path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".dat") { names.append(String(name.dropLast(4))) }
        }
        return names.sorted()
    }

    /// This file lies in `Tests/SIPTests/Message`.
    private static func resources(_ file: String) -> String {
        file.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Resources"
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw Missing(path: path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}
