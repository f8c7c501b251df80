import CallModel
import Telemetry
import Wire

/// The members of the families that every call counts in: each is looked for by its labels once, and from then on by
/// what the labels are made of.
final class CallSteps: Sendable {
    private struct Step: Hashable {
        let direction: CallDirection
        let status: String
    }

    private struct Members {
        var counters: [Step: Counter] = [:]
        var durations: [CallDirection: Histogram] = [:]
    }

    let active: Gauge
    private let counters: Family<Counter>
    private let durations: Family<Histogram>
    private let members = Locked(Members())

    init(_ counters: Family<Counter>, _ durations: Family<Histogram>, _ active: Family<Gauge>) {
        (self.counters, self.durations, self.active) = (counters, durations, active.with())
    }

    func counter(_ direction: CallDirection, _ status: String) -> Counter {
        members.withLock { members in
            let step = Step(direction: direction, status: status)
            if let counter = members.counters[step] { return counter }
            let counter = counters.with(direction.rawValue, status)
            members.counters[step] = counter
            return counter
        }
    }

    func duration(_ direction: CallDirection) -> Histogram {
        members.withLock { members in
            if let duration = members.durations[direction] { return duration }
            let duration = durations.with(direction.rawValue)
            members.durations[direction] = duration
            return duration
        }
    }
}
