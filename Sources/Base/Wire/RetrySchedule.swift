/// When what failed is tried again, and when no more.
public struct RetrySchedule: Sendable {
    /// After the first failure; it doubles with each further one.
    public var first = Duration.seconds(1)
    public var longest = Duration.seconds(600)
    /// After so many it is given up: with the times above, after two hours and a half.
    public var attempts = 20
    /// The part by which chance moves a delay, so that what failed together does not come back together.
    public var jitter = 0.2

    public init() {}

    /// How long to wait after so many failures, one or more.
    public func delay(after failures: Int, using entropy: inout Entropy) -> Duration {
        let doubled = first.inSeconds * Double(1 << min(max(failures, 1) - 1, 30))
        let chance = Double.random(in: 1 - jitter...1 + jitter, using: &entropy)
        return .milliseconds(Int64(min(doubled, longest.inSeconds) * chance * 1000))
    }
}
