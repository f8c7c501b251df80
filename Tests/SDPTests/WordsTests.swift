import Testing

@testable import SDP

@Suite struct WordsTests {
    private static func words(_ line: String) -> [String] {
        var words = Words(line.utf8.span)
        var found: [String] = []
        while let word = words.next() { found.append(SDP.text(word)) }
        return found
    }

    private static func rest(_ line: String) -> String? {
        var words = Words(line.utf8.span)
        guard words.next() != nil, let rest = words.rest else { return nil }
        return SDP.text(rest)
    }

    @Test func `words stand between any number of spaces`() {
        #expect(Self.words(" a  bc d ") == ["a", "bc", "d"])
        #expect(Self.words("abc") == ["abc"])
        #expect(Self.words("").isEmpty)
        #expect(Self.words("   ").isEmpty)
    }

    @Test func `what is left behind a word begins after one space, and is nil when it is nothing`() {
        #expect(Self.rest("96 opus/48000/2") == "opus/48000/2")
        #expect(Self.rest("96  useinbandfec=1") == " useinbandfec=1")
        #expect(Self.rest("96 ") == nil)
        #expect(Self.rest("96") == nil)
    }
}
