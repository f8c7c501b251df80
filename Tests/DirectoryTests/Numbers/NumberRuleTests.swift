import Directory
import Testing

struct NumberRuleTests {
    private func expression(_ text: String) throws -> NumberPattern { .expression(try NumberExpression(text)) }

    @Test func `a pattern is about the numbers it names`() throws {
        #expect(NumberPattern.any.matches(""))
        #expect(NumberPattern.exactly("112").matches("112"))
        #expect(!NumberPattern.exactly("112").matches("1120"))
        #expect(NumberPattern.prefix("+7495").matches("+74951234567"))
        #expect(!NumberPattern.prefix("+7495").matches("74951234567"))
        #expect(try expression("8\\d{10}").matches("84951234567"))
        #expect(try !expression("8\\d{10}").matches("849512345678"))
    }

    @Test(arguments: [
        ("^8(\\d{10})$", "+7$1", "84951234567", "+74951234567"), ("00(.+)", "+$1", "00441234", "+441234"),
        ("(\\d{3})(\\d{2})?", "$2-$1-$9", "123", "-123-"), ("(1|2)(?:3)(4)", "$0:$1$2$$$x", "134", "134:14$$x"),
    ]) func `an expression rewrites by its groups`(text: String, replacement: String, number: String, result: String)
        throws
    {
        let rules = [NumberRule(pattern: try expression(text), replacement: replacement)]
        #expect(rules.rewrite(number) == result)
    }

    @Test func `the first rule that matches is the only one applied`() {
        let rules = [
            NumberRule(pattern: .exactly("8"), replacement: "eight"),
            NumberRule(pattern: .prefix("8"), replacement: "+7"),
            NumberRule(pattern: .prefix("+7"), replacement: "no"),
        ]
        #expect(rules.rewrite("8") == "eight")
        #expect(rules.rewrite("84951234567") == "+74951234567")
        #expect(rules.rewrite("1001") == "1001")
        #expect([NumberRule(pattern: .any, replacement: "operator")].rewrite("1001") == "operator")
        #expect([NumberRule]().rewrite("1001") == "1001")
    }
}

struct TollLimitsTests {
    private func limits(allowed: [String] = [], denied: [String] = []) -> TollLimits {
        var limits = TollLimits()
        (limits.allowed, limits.denied) = (allowed, denied)
        return limits
    }

    @Test func `the longest prefix decides, and a denial among equals`() {
        #expect(TollLimits().permits("+18005550100"))
        let limits = limits(allowed: ["+7", "+7809", "+44"], denied: ["+780", "+44"])
        #expect(limits.permits("+74951234567"))
        #expect(limits.permits("7 (495) 123-45-67"))
        #expect(!limits.permits("+78001234567"))
        #expect(limits.permits("+78091234567"))
        #expect(!limits.permits("+441234567"))
        #expect(!limits.permits("+12015550123"))
    }

    @Test func `a number is the same however it is written`() {
        #expect(!limits(denied: ["+7809"]).permits("88091234567"))
        #expect(limits(allowed: ["8495"]).permits("84951234567"))
        #expect(!limits(denied: ["*21"]).permits("*21*1001#"))
        #expect(!limits(denied: ["00"]).permits("00441234567"))
    }

    @Test(arguments: [
        "00882123", "810882123", "011882123", "8 10 882 123", "*67+882123", "#31#00882123", "*31#810882123",
        "**67*882123",
    ])
    func `a denial is not passed by a prefix that trunks dial on`(_ number: String) {
        #expect(!limits(denied: ["+882"]).permits(number))
        #expect(!limits(allowed: ["00", "810", "011", "*", "#"], denied: ["+882123"]).permits(number))
        #expect(limits(denied: ["+883"]).permits(number))
    }

    @Test func `what follows an international prefix permits nothing`() {
        #expect(!limits(allowed: ["+7"]).permits("81074951234567"))
        #expect(limits(denied: ["+882"]).permits("+81088212345"))
        #expect(limits(denied: ["+882"]).permits("*67"))
    }
}
