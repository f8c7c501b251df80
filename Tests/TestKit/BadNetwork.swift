package import Reactor

/// Ways between hosts, from none worth noticing to one that hardly works.
package enum BadNetwork: String, CaseIterable, Sendable {
    /// 1 ms, nothing lost.
    case perfect
    /// An office: a little delay, no reordering to speak of.
    case local
    /// A phone on the move: 30–200 ms, 3 % lost, some doubled.
    case mobile
    /// 20 % lost, 10 % doubled, up to a second late: every retransmission timer earns its keep.
    case terrible

    package var conditions: LinkConditions {
        switch self {
        case .perfect: LinkConditions()
        case .local: LinkConditions(delay: .microseconds(200) ... .milliseconds(2))
        case .mobile: LinkConditions(delay: .milliseconds(30) ... .milliseconds(200), loss: 0.03, duplication: 0.01)
        case .terrible: LinkConditions(delay: .milliseconds(5) ... .milliseconds(1000), loss: 0.2, duplication: 0.1)
        }
    }
}
