import Synchronization
import Wire

/// A count that only grows.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}
    package func increment(by amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A value that goes up and down.
package final class Gauge: Sendable {
    private let current = Atomic<Int64>(0)

    package init() {}
    package func set(_ value: Int64) { current.store(value, ordering: .relaxed) }
    package func add(_ amount: Int64) { current.wrappingAdd(amount, ordering: .relaxed) }
    package var value: Int64 { current.load(ordering: .relaxed) }
}

/// How often observations fell below each of some bounds, as Prometheus counts them.
package final class Histogram: Sendable {
    private struct State: Sendable {
        /// One count per bound and a last one for everything above; not cumulative.
        var counts: [UInt64]
        var sum: Double
    }

    /// What was observed up to one moment.
    package struct Snapshot: Sendable {
        /// For each bound how often it or less was observed; the last one counts everything.
        package let cumulative: [UInt64]
        package let sum: Double

        /// `counts`: how often between the bounds, and above the last.
        package init(counts: some Sequence<UInt64>, sum: Double) {
            var total: UInt64 = 0
            cumulative = counts.map { count in
                total += count
                return total
            }
            self.sum = sum
        }
    }

    package let bounds: [Double]
    private let state: Locked<State>

    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Locked(State(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    package func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// The sums are made under the lock: an array shared with whoever observes next would be read and written at once.
    package var snapshot: Snapshot {
        state.withLock { Snapshot(counts: $0.counts, sum: $0.sum) }
    }
}

/// Metrics of one name that differ in their label values, made on first use and kept.
package final class Family<Metric: Sendable>: Sendable {
    package let name: String
    package let help: String
    package let labelNames: [String]
    private let make: @Sendable () -> Metric
    private let members = Locked<[[String]: Metric]>([:])

    /// More label combinations than this share one member, whose values are all `other`.
    private static var cardinalityLimit: Int { 500 }

    init(_ name: String, _ help: String, labels: [String], make: @escaping @Sendable () -> Metric) {
        (self.name, self.help, self.labelNames, self.make) = (name, help, labels, make)
        if labels.isEmpty { _ = with() }
    }

    /// The member with these label values, in the order of `labelNames`.
    package func with(_ values: String...) -> Metric { member(values) }

    private func member(_ values: [String]) -> Metric {
        precondition(values.count == labelNames.count, "\(name) has labels \(labelNames)")
        return members.withLock { members in
            if let member = members[values] { return member }
            let overflowing = members.count >= Self.cardinalityLimit
            let key = overflowing ? labelNames.map { _ in "other" } : values
            if let member = members[key] { return member }
            let member = make()
            members[key] = member
            return member
        }
    }

    /// In the order of their values; whoever counts waits only until they are copied.
    package var all: [(values: [String], metric: Metric)] {
        members.withLock { members in members.map { (values: $0.key, metric: $0.value) } }
            .sorted { $0.values.lexicographicallyPrecedes($1.values) }
    }

    /// Makes the members of every combination of values, so that they are shown before anything happened.
    package func prepare(_ values: [String]...) {
        var combinations: [[String]] = [[]]
        for choices in values { combinations = combinations.flatMap { start in choices.map { start + [$0] } } }
        for combination in combinations { _ = member(combination) }
    }
}
