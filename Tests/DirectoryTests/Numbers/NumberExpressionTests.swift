import Directory
import Testing

struct NumberExpressionTests {
    @Test(arguments: [
        ("1001", "1001", true), ("1001", "11001", false), ("1001", "10011", false), ("10..", "1042", true),
        ("[2-4]\\d*", "3", true), ("[2-4]\\d*", "5", false), ("[^0]+", "123", true), ("[^0]+", "103", false),
        ("\\+7\\d{10}", "+74951234567", true), ("a|b|", "", true), ("a|bc|d", "bc", true), ("a|bc|d", "b", false),
        ("(ab){2,3}", "ababab", true), ("(ab){2,3}", "ab", false), ("(ab){2,}", "abababab", true),
        ("\\d{3}?", "123", true), ("x*?y", "xxxy", true), ("(a*)*", "aaa", true), ("()*", "", true),
        ("[-+]1", "-1", true), ("[\\d+-]+", "+1-2", true), ("^1$|^2$", "2", true), ("1^2", "12", false),
        ("\\D\\w\\S", "é1é", true), ("\\.", ".", true), ("\\.", "x", false),
    ]) func `an expression matches whole numbers`(text: String, number: String, isMatch: Bool) throws {
        let expression = try NumberExpression(text)
        #expect(expression.matches(number) == isMatch)
        #expect(expression.text == text)
    }

    @Test(arguments: [
        ("", NumberExpressionError.length), (String(repeating: "1", count: 257), .length), ("(1", .unbalanced),
        ("1)", .unbalanced), ("[1", .unbalanced), ("1]", .unbalanced), ("\\", .unbalanced), ("*", .repetition),
        ("1**", .repetition), ("1{", .repetition), ("1{2", .repetition), ("1{3,2}", .repetition),
        ("1{65}", .repetition),
        ("1{2,x}", .repetition), ("(?=1)", .repetition), ("[]", .set), ("[9-0]", .set), ("[\\D]", .set),
        ("\\b", .escape("b")), ("\\1", .escape("1")), ("(((1{64}){64}){64})", .tooLarge),
        (String(repeating: "(?:", count: 17) + "1" + String(repeating: ")", count: 17), .tooLarge),
        (String(repeating: "(1)", count: 10), .tooLarge),
    ]) func `a malformed expression is refused with its reason`(text: String, reason: NumberExpressionError) {
        #expect(throws: reason) { try NumberExpression(text) }
        #expect(!"\(reason)".isEmpty)
    }

    @Test(arguments: ["(a+)+b", "(a|a)*b", "(a*)*b", "(?:a?){64}a{64}", "(.*)(.*)(.*)(.*)(.*)b"])
    func `an expression that others take for ever on ends at once`(text: String) throws {
        let expression = try NumberExpression(text)
        #expect(!expression.matches(String(repeating: "a", count: 63)))
        #expect(!expression.matches(String(repeating: "a", count: 100_000)))
    }

    @Test func `groups prefer what came first, and as much as they can`() throws {
        func rewrite(_ text: String, _ number: String) throws -> String {
            [NumberRule(pattern: .expression(try NumberExpression(text)), replacement: "[$1|$2]")].rewrite(number)
        }
        #expect(try rewrite("(\\d*)(\\d*)", "123") == "[123|]")
        #expect(try rewrite("(\\d*?)(\\d*)", "123") == "[|123]")
        #expect(try rewrite("(1|12)(2?)3?", "12") == "[1|2]")
        #expect(try rewrite("(?:(1)|(2))*", "12") == "[1|2]")
    }

    @Test func `repetitions of nothing are too large, too`() {
        let nested = (0..<12).reduce("") { inner, _ in "(?:\(inner)){64}" }
        #expect(throws: NumberExpressionError.tooLarge) { try NumberExpression(nested) }
    }
}
