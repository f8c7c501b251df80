import DNS
import Reactor
import SIP
import Wire

/// Where names lead, by NAPTR, SRV and addresses (RFC 3263).
extension SIPEndpoint {
    /// Finds the servers of a target and goes on with them: at once for a numeric host, or else in a later turn.
    func locate(_ target: SIPTarget, then: @escaping @Sendable (isolated SIPEndpoint, SIPLocation) -> Void) {
        let locator = TargetLocator(target, supported: [.udp, .tcp, .tls], families: families)
        if let location = locator.location { return then(self, location) }
        let search = LocationSearch(locator) { [weak self] location in
            self?.assumeIsolated {
                then($0, location)
                $0.settle()
            }
        }
        search.ask(network)
    }

    /// The families we have a listener for.
    private var families: [SIPAddressFamily] {
        let (hasIPv4, hasIPv6) = localAddresses.reduce((false, false)) { ($0.0 || $1.ip.isIPv4, $0.1 || !$1.ip.isIPv4) }
        return hasIPv6 ? (hasIPv4 ? [.ipv4, .ipv6] : [.ipv6]) : [.ipv4]
    }
}

/// One target on its way through the name service; kept by the questions that are open.
private final class LocationSearch {
    private var locator: TargetLocator
    private var then: ((SIPLocation) -> Void)?

    init(_ locator: TargetLocator, then: @escaping (SIPLocation) -> Void) {
        (self.locator, self.then) = (locator, then)
    }

    func ask(_ network: any Network) {
        while let question = locator.nextQuestion() {
            network.query(question.name, question.kind) { [self] answer in
                locator.receive(answer, to: question)
                ask(network)
            }
        }
        guard let location = locator.location, let then else { return }
        self.then = nil
        then(location)
    }
}
