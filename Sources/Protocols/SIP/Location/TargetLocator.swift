package import DNS
import Wire

/// Finds the servers of a target by NAPTR, SRV, A and AAAA records (RFC 3263); a machine that asks and is answered.
///
/// Take questions with `nextQuestion` until there is none, hand each answer to `receive`, and repeat until `location`
/// is there: at once for numeric hosts. Every question must be answered, were it by a failure; none is asked twice.
/// Loops of aliases are the resolver's concern. An explicit port or transport is taken at its word, as the RFC says.
package struct TargetLocator: Sendable {
    /// Bounds of what one target may cost; records past them, in the order of preference, are left out.
    package enum Limits {
        /// Services taken from NAPTR records.
        package static let services = 6
        /// SRV records of one service.
        package static let servers = 16
        /// Names whose addresses are asked for.
        package static let hosts = 32
        /// Addresses of one host in one family.
        package static let addresses = 8
    }

    /// What an answer said, kept for reports.
    package struct Finding: Hashable, Sendable {
        package let question: DNSQuestion
        package let answer: DNSAnswer
    }

    package let target: SIPTarget
    private let supported: [SIPTransport]
    private let kinds: [DNSRecordKind]
    private var stage: LocatorStage
    private var questions: [DNSQuestion] = []
    private var open: Set<DNSQuestion> = []
    /// Everything asked and answered so far, in the order of the answers.
    package private(set) var findings: [Finding] = []
    /// The outcome, which may be empty; nil while questions are open.
    package private(set) var location: SIPLocation?

    /// Begins to look for a target.
    ///
    /// - Parameters:
    ///   - supported: the transports we can use; the first is preferred where neither the target nor NAPTR chooses.
    ///   - families: the address families we can reach; addresses of the first are tried first.
    package init(
        _ target: SIPTarget, supported: [SIPTransport] = [.udp, .tcp, .tls],
        families: [SIPAddressFamily] = [.ipv4, .ipv6]
    ) {
        self.target = target
        self.supported = target.isSecure ? supported.filter { $0 == .tls || $0 == .wss } : supported
        kinds = families.map { $0 == .ipv4 ? .a : .aaaa }
        stage = .addresses([])
        begin()
    }

    /// What to ask the name service now.
    package mutating func nextQuestion() -> DNSQuestion? {
        guard !questions.isEmpty else { return nil }
        return questions.removeFirst()
    }

    /// Takes the answer to a question; an answer to anything else is ignored.
    package mutating func receive(_ answer: DNSAnswer, to question: DNSQuestion) {
        guard open.remove(question) != nil else { return }
        findings.append(Finding(question: question, answer: answer))
        if open.isEmpty { advance() }
    }
}

/// A family of addresses a program can send to.
package enum SIPAddressFamily: Hashable, Sendable, CaseIterable {
    case ipv4
    case ipv6
}

// MARK: - Stages

extension TargetLocator {
    /// The choice of RFC 3263 4.1 and the port of 4.2, as far as the target itself decides them.
    private mutating func begin() {
        guard let chosen = chosenTransport ?? supported.first, supported.contains(chosen) else { return finish([]) }
        if let ip = IPAddress(target.host) {
            let server = SIPLocation.Server(port: target.port ?? chosen.defaultPort, addresses: [ip])
            finish([SIPLocation.Service(transport: chosen, servers: [server])])
        } else if let port = target.port {
            askAddresses([host(chosen, port: port)])
        } else if chosenTransport != nil {
            askServices([ServiceCandidate(chosen, of: target.host)].compactMap { $0 }, fallback: chosen)
        } else {
            stage = .pointers
            ask(DNSQuestion(target.host, .naptr))
        }
    }

    /// The transport that needs no NAPTR record; nil when the name service may choose.
    private var chosenTransport: SIPTransport? {
        if let transport = target.transport {
            return target.isSecure ? transport.secured : transport
        }
        guard target.port != nil || IPAddress(target.host) != nil else { return nil }
        return target.isSecure ? .tls : .udp
    }

    private mutating func advance() {
        switch stage {
        case .pointers: choosePointers()
        case .services(let candidates, let fallback): chooseServers(candidates, fallback)
        case .addresses(let hosts): conclude(hosts)
        }
    }

    private mutating func choosePointers() {
        let pointed = pointers(answered(DNSQuestion(target.host, .naptr)))
        let candidates = pointed.isEmpty ? supported.compactMap { ServiceCandidate($0, of: target.host) } : pointed
        askServices(candidates, fallback: pointed.first?.transport ?? (target.isSecure ? .tls : preferred))
    }

    /// What a name without any service record is reached by: UDP, unless we do not speak it (RFC 3263 4.1).
    private var preferred: SIPTransport { supported.contains(.udp) ? .udp : supported.first ?? .udp }

    /// The services of NAPTR records we can use, the preferred first; those with flags or rules SIP gives no meaning
    /// to are passed over.
    private func pointers(_ records: [DNSRecord]) -> [ServiceCandidate] {
        var found: [(order: UInt16, preference: UInt16, candidate: ServiceCandidate)] = []
        for case .pointer(let order, let preference, let flags, let service, let regexp, let name) in records {
            guard ASCII.equalIgnoringCase(flags, "s"), regexp.isEmpty, !name.isEmpty,
                let transport = SIPTransport(naptrService: service), supported.contains(transport)
            else { continue }
            found.append((order, preference, ServiceCandidate(transport: transport, name: name)))
        }
        found.sort { ($0.order, $0.preference) < ($1.order, $1.preference) }
        return found.prefix(Limits.services).map(\.candidate)
    }

    private mutating func chooseServers(_ candidates: [ServiceCandidate], _ fallback: SIPTransport) {
        var hosts: [HostCandidate] = []
        var isAnnounced = false
        for (index, candidate) in candidates.enumerated() {
            let records = answered(DNSQuestion(candidate.name, .srv))
            isAnnounced = isAnnounced || !records.isEmpty
            hosts += servers(records, candidate.transport, service: index)
        }
        // A service announced as absent (RFC 2782: the target ".") is not looked for elsewhere.
        askAddresses(isAnnounced ? hosts : [host(fallback, port: fallback.defaultPort)])
    }

    private func servers(_ records: [DNSRecord], _ transport: SIPTransport, service: Int) -> [HostCandidate] {
        var hosts: [HostCandidate] = []
        for case .service(let priority, let weight, let port, let name) in records where !name.isEmpty && port != 0 {
            hosts.append(
                HostCandidate(service: service, transport: transport, record: (priority, weight, port), name: name))
        }
        return Array(hosts.sorted { $0.record.priority < $1.record.priority }.prefix(Limits.servers))
    }

    private func host(_ transport: SIPTransport, port: UInt16) -> HostCandidate {
        HostCandidate(service: 0, transport: transport, record: (0, 0, port), name: target.host)
    }
}

// MARK: - Questions

extension TargetLocator {
    private mutating func ask(_ question: DNSQuestion) {
        let isAnswered = findings.contains { $0.question == question }
        if !isAnswered, open.insert(question).inserted { questions.append(question) }
    }

    private mutating func askServices(_ candidates: [ServiceCandidate], fallback: SIPTransport) {
        stage = .services(candidates, fallback: fallback)
        for candidate in candidates { ask(DNSQuestion(candidate.name, .srv)) }
        if open.isEmpty { advance() }
    }

    private mutating func askAddresses(_ hosts: [HostCandidate]) {
        stage = .addresses(hosts)
        var names: Set<String> = []
        for host in hosts where names.count < Limits.hosts || names.contains(host.name) {
            names.insert(host.name)
            guard IPAddress(host.name) == nil else { continue }
            for kind in kinds { ask(DNSQuestion(host.name, kind)) }
        }
        if open.isEmpty { advance() }
    }

    private func answered(_ question: DNSQuestion) -> [DNSRecord] {
        findings.first { $0.question == question }?.answer.records ?? []
    }

    private func addresses(of name: String) -> [IPAddress] {
        if let numeric = IPAddress(name) { return [numeric] }
        return kinds.flatMap { kind in
            let addresses = answered(DNSQuestion(name, kind)).compactMap { record in
                if case .address(let ip) = record { ip } else { nil }
            }
            return addresses.prefix(Limits.addresses)
        }
    }
}

// MARK: - Outcome

extension TargetLocator {
    private mutating func conclude(_ hosts: [HostCandidate]) {
        var services: [SIPLocation.Service] = []
        for (index, host) in hosts.enumerated() where index == 0 || hosts[index - 1].service != host.service {
            let group = hosts[index...].prefix { $0.service == host.service }
            let servers = group.map { host in
                SIPLocation.Server(
                    priority: host.record.priority, weight: host.record.weight, port: host.record.port,
                    addresses: addresses(of: host.name))
            }
            services.append(SIPLocation.Service(transport: host.transport, servers: servers))
        }
        finish(services)
    }

    private mutating func finish(_ services: [SIPLocation.Service]) {
        let found = services.map { service in
            SIPLocation.Service(
                transport: service.transport, servers: service.servers.filter { !$0.addresses.isEmpty })
        }
        .filter { !$0.servers.isEmpty }
        location = SIPLocation(
            domain: IPAddress(target.host)?.description ?? target.host.lowercased(), services: found,
            lifetime: lifetime(isFound: !found.isEmpty))
    }

    /// The least lifetime of the answers; what certainly does not exist shortens nothing unless nothing was found.
    private func lifetime(isFound: Bool) -> Duration {
        let counted = findings.filter { !isFound || !($0.answer.failure?.isCertain ?? false) }
        return counted.map(\.answer.lifetime).min() ?? DNSAnswer.lifetimes.upperBound
    }
}
