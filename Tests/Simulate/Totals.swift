/// How often each thing happened: what shows that the features really were used.
struct Totals {
    private var counts: [String: Int] = [:]

    subscript(_ what: String) -> Int {
        get { counts[what] ?? 0 }
        set { counts[what] = newValue }
    }

    static func += (left: inout Totals, right: Totals) {
        left.counts.merge(right.counts, uniquingKeysWith: +)
    }

    /// Two columns, in alphabetical order.
    var table: String {
        counts.sorted { $0.key < $1.key }
            .map { "  \($0.key)\(String(repeating: ".", count: max(2, 44 - $0.key.count)))\($0.value)" }
            .joined(separator: "\n")
    }

    /// The same for the same run.
    var fingerprint: UInt64 {
        table.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}
