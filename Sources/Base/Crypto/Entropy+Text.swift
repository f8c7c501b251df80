package import Wire

extension Entropy {
    /// Random letters and digits, just under six bits each, for secrets that people and URLs carry.
    package mutating func alphanumeric(_ count: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let characters = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &self)] }
        return String(decoding: characters, as: UTF8.self)
    }
}
