import Glibc

/// The seeds a randomised test runs with, for its `arguments:`; a failure then shows the seed beside it.
///
/// `TANDEM_SEED=<n>` repeats one run, `TANDEM_SEEDS=<count>` asks for more or fewer than the test does.
package enum Seeds {
    /// `count` seeds, the same in every run.
    package static func some(_ count: UInt64) -> [UInt64] {
        if let one = number("TANDEM_SEED") { return [one] }
        return Array(1...max(1, number("TANDEM_SEEDS") ?? count))
    }

    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }
}
