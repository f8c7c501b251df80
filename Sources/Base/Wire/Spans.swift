/// What collections have, for bytes that are only borrowed.
extension Span<UInt8> {
    /// Where a byte is first, from `start` on; nil when it is not there.
    @inlinable public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Whether they are this word, letter for letter.
    @inlinable public func isSame(as word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for index in indices where unsafe self[index] != letters[index] { return false }
            return true
        }
    }
}
