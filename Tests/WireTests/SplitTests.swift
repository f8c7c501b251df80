import Testing
import Wire

struct SplitTests {
    @Test func `splitting gives what the library's split gives`() {
        var entropy = Entropy(seed: 7)
        for _ in 0..<2000 {
            let length = Int(entropy.next() % 9)
            let text = String((0..<length).map { _ in "  aé".randomElement(using: &entropy) ?? "a" })
            let limit = entropy.next().isMultiple(of: 3) ? Int.max : Int(entropy.next() % 4)
            let keeps = entropy.next().isMultiple(of: 2)
            let expected = text.utf8
                .split(separator: UInt8(ascii: " "), maxSplits: limit, omittingEmptySubsequences: !keeps)
                .map { Substring($0) }
            let parts = ASCII.split(text, at: ASCII.space, maxSplits: limit, keepingEmpty: keeps)
            #expect(parts == expected, "\(text) at most \(limit), \(keeps)")
        }
    }

    @Test func `a part of a text is split within its bounds`() {
        let whole = "x a:b:c y"
        let part = whole.dropFirst(2).dropLast(2)
        #expect(ASCII.split(part, at: ASCII.colon, maxSplits: 1) == ["a", "b:c"])
    }
}
