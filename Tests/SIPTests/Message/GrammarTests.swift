import Testing

@testable import SIP

@Suite struct GrammarTests {
    static let marks = "-_.!~*'()"
    static let alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    /// RFC 3261 25.1, by hand.
    static let classes: [(name: String, set: ByteSet, characters: String)] = [
        ("token", Grammar.token, "-.!%*_+`'~"), ("unreserved", Grammar.unreserved, marks),
        ("user", Grammar.user, marks + "&=+$,;?/"), ("password", Grammar.password, marks + "&=+$,"),
        ("URI parameter", Grammar.uriParameter, marks + "[]/:&+$"),
        ("URI header", Grammar.uriHeader, marks + "[]/?:+$"), ("host name", Grammar.hostName, "-._"),
        ("bare value", Grammar.bareValue, "-.!%*_+`'~:[]"),
    ]

    @Test(arguments: classes.indices)
    func `the masks hold the characters of the grammar`(_ index: Int) {
        let (name, set, characters) = Self.classes[index]
        let expected = Set((Self.alphanumerics + characters).utf8)
        for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == expected.contains(byte), "\(name) \(byte)") }
    }

    @Test func `a word of up to 16 bytes is told from every other`() {
        func packed(_ text: String, ignoringCase: Bool = false) -> PackedWord? {
            PackedWord(text.utf8.span, ignoringCase: ignoringCase)
        }
        #expect(packed("INVITE") == packed("INVITE"))
        #expect(packed("INVITE") != packed("invite"))
        #expect(packed("INVITE", ignoringCase: true) == packed("invite"))
        #expect(packed("AB") != packed("A"))
        #expect(packed("0123456789abcdef") != nil)
        #expect(packed("0123456789abcdefg") == nil)
        #expect(packed("01234567") != packed("01234567\0"))
        #expect(packed("0123456789abcdeX") != packed("0123456789abcdex"))
    }

    @Test(arguments: [1, 3, 4, 7, 8, 9, 15, 16])
    func `the letters of a packed word, and they alone, have no case`(_ count: Int) {
        for byte in UInt8.min...UInt8.max {
            let word = [UInt8](repeating: byte, count: count)
            let lower = [UInt8](repeating: byte.lowercased, count: count)
            let packed = PackedWord(word.span, ignoringCase: true)
            #expect(packed == PackedWord(lower.span))
            #expect((packed == PackedWord(word.span)) == (byte == byte.lowercased))
        }
    }

    @Test func `numbers of any length are read or refused`() {
        #expect(Decimal.exactly("0") == 0)
        #expect(Decimal.exactly(String(repeating: "0", count: 1000) + "42") == 42)
        #expect(Decimal.exactly("4294967295") == .max)
        for text in ["", "4294967296", String(repeating: "9", count: 1000), "-1", "+1", "1 ", "\u{661}"] {
            #expect(Decimal.exactly(text) == nil)
        }
        #expect(DeltaSeconds.parse(String(repeating: "9", count: 1000)) == .max)
        #expect(DeltaSeconds.parse("x") == nil)
    }
}
