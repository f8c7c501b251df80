package import DNS
package import Wire

/// The name service of a simulated network: records by name and kind, its delay, and its failures.
package struct SimulatedNames {
    private var answers: [DNSQuestion: DNSAnswer] = [:]
    private var known: Set<String> = []
    /// How long an answer takes.
    package var delay = Duration.zero
    /// Said to every question while it is set, as when the name servers are down.
    package var outage: DNSFailure?
    /// Every question that came, oldest first.
    package private(set) var asked: [DNSQuestion] = []

    package init() {}

    /// Sets the records of a name; none takes them away.
    package mutating func set(
        _ name: String, _ kind: DNSRecordKind, _ records: [DNSRecord], lifetime: Duration = .seconds(300)
    ) {
        let question = DNSQuestion(name, kind)
        known.insert(question.name)
        answers[question] = DNSAnswer(records, lifetime: lifetime)
    }

    /// Lets questions about a name fail.
    package mutating func fail(_ name: String, _ kind: DNSRecordKind, _ failure: DNSFailure) {
        answers[DNSQuestion(name, kind)] = DNSAnswer(failure)
    }

    /// The addresses of a host, of both families.
    package subscript(host: String) -> [IPAddress] {
        get {
            [DNSRecordKind.a, .aaaa].flatMap { answers[DNSQuestion(host, $0)]?.records ?? [] }
                .compactMap { if case .address(let ip) = $0 { ip } else { nil } }
        }
        set {
            set(host, .a, newValue.filter(\.isIPv4).map(DNSRecord.address))
            set(host, .aaaa, newValue.filter { !$0.isIPv4 }.map(DNSRecord.address))
        }
    }

    /// Notes a question; the answer to it and how long that takes.
    mutating func ask(_ question: DNSQuestion) -> (DNSAnswer, Duration) {
        asked.append(question)
        if let outage { return (DNSAnswer(outage), delay) }
        let unknown = DNSAnswer(known.contains(question.name) ? .noRecords : .noSuchName)
        return (answers[question] ?? unknown, delay)
    }
}
