import Wire

/// When what failed is tried again, and when no more.
package struct RetrySchedule: Sendable {
    /// After the first failure; it doubles with each further one.
    package var first = Duration.seconds(1)
    package var longest = Duration.seconds(600)
    /// After so many an item is parked: with the times above, two hours and a half.
    package var attempts = 20
    /// The part by which chance moves a delay, so that what failed together does not come back together.
    package var jitter = 0.2

    package init() {}

    /// How long to wait after so many failures, one or more.
    func delay(after failures: Int, using entropy: inout Entropy) -> Duration {
        let doubled = first.inSeconds * Double(1 << min(max(failures, 1) - 1, 30))
        let chance = Double.random(in: 1 - jitter...1 + jitter, using: &entropy)
        return .milliseconds(Int64(min(doubled, longest.inSeconds) * chance * 1000))
    }
}
