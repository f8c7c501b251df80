import Testing
import Wire

@testable import CallModel

struct MarkupTests {
    @Test(arguments: [
        ("plain", "plain"), ("<b>x</b>y", "xy"), ("1 < 2 > 1", "1 < 2 > 1"), ("<script>alert(1)", "alert(1)"),
        ("a <b", "a <b"), ("<!-- x -->z", "z"), ("<<i>>", "<>"), ("", ""), ("<<b>script>", ""),
        ("<<b>script>x<</b>/script>", "x"), ("<img title=\">\" src=x>", "\" src=x>"), ("<?xml?>", ""),
        ("<script>\u{338}alert(1)", "\u{338}alert(1)"), ("<имя>", "<имя>"), ("я<b>ж", "яж"),
    ]) func `markup is taken out of what people write`(text: String, plain: String) {
        #expect(Markup.removed(from: text) == plain)
    }

    @Test func `what is left holds no markup and is left alone the second time`() {
        var random = Entropy(seed: 11)
        let pieces = ["<", "<", ">", ">", "b", "/", "!", " ", "script", "ж", "\u{338}", "1"]
        for _ in 0..<5000 {
            let count = Int.random(in: 0...14, using: &random)
            let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            let left = Markup.removed(from: text)
            #expect(Markup.removed(from: left).utf8.elementsEqual(left.utf8), "\(text) seed 11")
            #expect(left.firstRange(of: /<[A-Za-z\/!?][^>]*>/.matchingSemantics(.unicodeScalar)) == nil, "\(text)")
        }
    }

    @Test(arguments: ["<a", "<", "<<b>", ">"]) func `it takes time linear in the text`(piece: String) {
        let text = String(repeating: piece, count: 500_000)
        #expect(Markup.removed(from: text).utf8.count <= text.utf8.count)
    }
}
