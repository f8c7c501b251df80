package import Wire

/// What the way from one host to another does to what is sent along it.
package struct LinkConditions: Sendable, Equatable {
    /// One way; each packet draws its own, so that a range reorders datagrams.
    package var delay: ClosedRange<Duration>
    /// Probability that a packet is lost, which a stream repairs at the cost of a retransmission's delay.
    package var loss: Double
    /// Probability that a datagram arrives twice.
    package var duplication: Double
    /// Nothing gets through.
    package var isPartitioned = false

    package init(
        delay: ClosedRange<Duration> = .milliseconds(1) ... .milliseconds(1), loss: Double = 0, duplication: Double = 0
    ) {
        (self.delay, self.loss, self.duplication) = (delay, loss, duplication)
    }
}

/// A network in virtual time: hosts with addresses, and the seeded conditions between them.
///
/// A program under test is given a `SimulatedHost` where it would have the machine's network.
package final class SimulatedNetwork: @unchecked Sendable {
    // Touched only on the loop.

    private struct Link: Hashable {
        let from: Int
        let to: Int
    }

    package let loop: SimulatedLoop
    /// Between hosts for which nothing else was said.
    package var conditions: LinkConditions
    /// What hosts are told when they ask for names.
    package var names = SimulatedNames()
    var limits = NetworkLimits()
    var entropy: Entropy
    private var links: [Link: LinkConditions] = [:]
    private var hosts: [SimulatedHost] = []
    private var hostByAddress: [IPAddress: SimulatedHost] = [:]

    package init(loop: SimulatedLoop, conditions: LinkConditions = LinkConditions()) {
        (self.loop, self.conditions) = (loop, conditions)
        entropy = loop.makeEntropy()
    }

    /// Adds a host; no two may share an address.
    package func addHost(_ addresses: [IPAddress]) -> SimulatedHost {
        let host = SimulatedHost(number: hosts.count, addresses: addresses, on: self)
        hosts.append(host)
        for address in addresses {
            precondition(hostByAddress[address] == nil, "\(address) is taken")
            hostByAddress[address] = host
        }
        return host
    }

    /// Sockets, listeners and connections open on all hosts.
    package var openSockets: Int { hosts.reduce(0) { $0 + $1.openSockets } }

    /// Says how the way between two hosts is, in both directions.
    package func setConditions(_ conditions: LinkConditions, between one: SimulatedHost, and other: SimulatedHost) {
        setConditions(conditions, from: one, to: other)
        setConditions(conditions, from: other, to: one)
    }

    /// Says how the way from one host to another is.
    package func setConditions(_ conditions: LinkConditions, from one: SimulatedHost, to other: SimulatedHost) {
        links[Link(from: one.number, to: other.number)] = conditions
    }

    /// Cuts the way between two hosts; what is under way still arrives.
    package func partition(_ one: SimulatedHost, _ other: SimulatedHost) { cut(one, other, true) }

    /// Mends the way between two hosts.
    package func heal(_ one: SimulatedHost, _ other: SimulatedHost) { cut(one, other, false) }

    private func cut(_ one: SimulatedHost, _ other: SimulatedHost, _ isPartitioned: Bool) {
        for link in [Link(from: one.number, to: other.number), Link(from: other.number, to: one.number)] {
            links[link, default: conditions].isPartitioned = isPartitioned
        }
    }
}

// MARK: - Carrying

extension SimulatedNetwork {
    /// How long a sender waits before it sends a lost part of a stream again, the first time.
    private static let retransmission = Duration.milliseconds(200)

    func host(at address: IPAddress, from sender: SimulatedHost) -> SimulatedHost? {
        address.isLoopback ? sender : hostByAddress[address]
    }

    func conditions(from sender: SimulatedHost, to receiver: SimulatedHost) -> LinkConditions {
        guard sender !== receiver else { return LinkConditions(delay: .zero ... .zero) }
        return links[Link(from: sender.number, to: receiver.number)] ?? conditions
    }

    /// When the copies of a datagram sent now arrive: none, one or two.
    func datagramArrivals(from sender: SimulatedHost, to receiver: SimulatedHost) -> [Instant] {
        let link = conditions(from: sender, to: receiver)
        guard !link.isPartitioned, !happens(link.loss) else { return [] }
        let copies = happens(link.duplication) ? 2 : 1
        return (0..<copies).map { _ in loop.now + delay(link) }
    }

    /// When a part of a stream sent now arrives, losses repaired; nil while nothing gets through.
    func streamArrival(from sender: SimulatedHost, to receiver: SimulatedHost) -> Instant? {
        let link = conditions(from: sender, to: receiver)
        guard !link.isPartitioned else { return nil }
        var wait = Duration.zero
        var pause = Self.retransmission
        for _ in 0..<6 where happens(link.loss) {
            wait += pause
            pause *= 2
        }
        return loop.now + wait + delay(link)
    }

    func happens(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &entropy) < probability
    }

    private func delay(_ link: LinkConditions) -> Duration {
        let (least, most) = (link.delay.lowerBound.wholeNanoseconds, link.delay.upperBound.wholeNanoseconds)
        return .nanoseconds(Int64(clamping: least == most ? least : UInt64.random(in: least...most, using: &entropy)))
    }
}
