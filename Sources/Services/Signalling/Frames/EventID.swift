import Wire

/// Names one event of one run of this program: `RUN-NUMBER`, where numbers only grow.
///
/// For clients it is a text that they give back, and nothing more.
struct EventID: Hashable, Sendable, CustomStringConvertible {
    /// Another one after each start.
    let run: String
    let number: UInt64

    /// Longer texts are none of ours.
    private static let maximumLength = 64

    init(run: String, number: UInt64) { (self.run, self.number) = (run, number) }

    /// Nil for what we never gave anybody.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.maximumLength, parts.count == 2, !parts[0].isEmpty,
            let number = ASCII.decimal(parts[1].utf8, maximumDigits: 18)
        else { return nil }
        self.init(run: String(parts[0]), number: number)
    }

    var description: String { "\(run)-\(number)" }
}
