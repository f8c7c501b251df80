/// The words of one command as hiredis takes them: bytes one after another in one buffer, and how many belong to each.
///
/// Nothing ends a word but its length: zero bytes may be in it.
struct RedisWords {
    let lengths: [Int]
    private var bytes: [UInt8] = []
    /// Where each begins.
    private var starts: [Int] = []

    init(_ words: [String]) {
        lengths = words.map(\.utf8.count)
        for word in words {
            starts.append(bytes.count)
            bytes.append(contentsOf: word.utf8)
        }
        // The buffer has an address also when all words are empty.
        bytes.append(0)
    }

    func withPointers<Value>(_ body: ([UnsafePointer<CChar>?]) -> Value) -> Value {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(starts.map { start in base.map { $0 + start } })
        }
    }
}
