import Crypto
import Directory
import Glibc
import Wire

/// The key that seals passwords, in a file of its own beside the database, so that a copy of the database alone
/// gives none of them away.
struct KeyFile {
    let path: String

    /// Reads the key, or makes it when there is none.
    func key() throws(StoreError) -> SealingKey {
        if let key = try read() { return key }
        var entropy = Entropy.system
        try write(SealingKey(using: &entropy))
        guard let key = try read() else { throw unusable("it vanished") }
        return key
    }

    /// Gives the other file this one's key, where this has one and the other has none.
    func copy(to other: KeyFile) throws(StoreError) {
        guard let key = try read(), try other.read() == nil else { return }
        try other.write(key)
    }

    private func read() throws(StoreError) -> SealingKey? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw unusable() }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let digits = String(text.prefix { !$0.isWhitespace })
        guard let key = Hex.decode(digits).flatMap(SealingKey.init) else { throw unusable("it holds no key") }
        return key
    }

    /// Another process may do the same at this moment: the first link wins, and both read what it holds.
    private func write(_ key: SealingKey) throws(StoreError) {
        let draft = "\(path).\(getpid())"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unusable() }
        defer { unlink(draft) }
        let bytes = Array((key.hexadecimal + "\n").utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, link(draft, path) == 0 || errno == EEXIST else { throw unusable() }
    }

    private func unusable(_ reason: String? = nil) -> StoreError {
        .unusable(path: path, reason: reason ?? String(cString: strerror(errno)))
    }
}
