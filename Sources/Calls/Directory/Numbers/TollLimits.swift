import Wire

/// What a user or a trunk may spend, so that a stolen password does not become a telephone bill.
package struct TollLimits: Hashable, Sendable {
    /// Prefixes that may be called; empty: all.
    package var allowed: [String] = []
    /// Prefixes that may not, whatever is allowed; the longest prefix of both lists decides.
    package var denied: [String] = []
    package var concurrentCalls: Int?
    package var callsPerHour: Int?
    package var minutesPerHour: Int?

    package init() {}

    package var isEmpty: Bool { self == TollLimits() }

    /// Whether any number may be called.
    package var hasNoLists: Bool { allowed.isEmpty && denied.isEmpty }

    /// Whether the number may be called: the longest prefix decides, and of two equal ones the denial.
    ///
    /// Formatting and a leading `+` do not count, and a Russian number that begins with 8 is compared as one with 7, too.
    /// A denial also meets a number behind a service code (`*67`, `#31#`) or an international prefix (00, 810, 011),
    /// for trunks dial those on; a permission does not, for what `810` leads to depends on the country.
    package func permits(_ number: String) -> Bool {
        let written: Set = [Self.plain(number), PhoneNumber(number).normal]
        let denial = Self.longest(denied, Self.reached(by: number).union(written))
        guard let permission = allowed.isEmpty ? 0 : Self.longest(allowed, written) else { return false }
        return denial.map { permission > $0 } ?? true
    }

    /// The length of the longest prefix that one of a number's forms has.
    private static func longest(_ prefixes: [String], _ forms: Set<String>) -> Int? {
        prefixes.map(plain).filter { prefix in forms.contains { $0.hasPrefix(prefix) } }.map(\.utf8.count).max()
    }

    /// What a number may lead to behind its service code and its international prefix.
    private static func reached(by number: String) -> Set<String> {
        let bare = withoutServiceCode(plain(number))
        var forms: Set = [bare, PhoneNumber(bare).normal]
        guard !number.hasPrefix("+") else { return forms }
        for prefix in ["00", "810", "011"] where bare.hasPrefix(prefix) {
            forms.insert(String(bare.dropFirst(prefix.count)))
        }
        return forms
    }

    /// `*67`, `#31#` and their like: a sign, two digits, perhaps more signs.
    private static func withoutServiceCode(_ number: String) -> String {
        let code = number.drop { $0 == "*" || $0 == "#" }
        guard code.count < number.count, code.prefix(2).allSatisfy(\.isWholeNumber) else { return number }
        return String(code.dropFirst(2).drop { $0 == "*" || $0 == "#" })
    }

    private static func plain(_ number: String) -> String {
        String(decoding: number.utf8.filter { ASCII.isDigit($0) || "*#".utf8.contains($0) }, as: UTF8.self)
    }
}
