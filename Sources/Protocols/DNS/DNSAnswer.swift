/// What the name service says to one question.
package struct DNSAnswer: Hashable, Sendable {
    /// In the order they came; empty exactly when there is a `failure`.
    package let records: [DNSRecord]
    /// How long the answer may be used: the least TTL within `lifetimes`, or what its failure is worth.
    package let lifetime: Duration
    package let failure: DNSFailure?

    /// Bounds of what any server may say about how long its answer holds.
    package static let lifetimes = Duration.seconds(5) ... .seconds(86_400)
    /// How long nobody asks again for what certainly does not exist; after other failures, the least lifetime.
    package static let negativeLifetime = Duration.seconds(30)

    /// An answer with records; without any it is the failure `noRecords`.
    package init(_ records: [DNSRecord], lifetime: Duration = Self.lifetimes.upperBound) {
        guard !records.isEmpty else {
            self.init(.noRecords)
            return
        }
        let bounded = min(max(lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
        self.init(records: records, lifetime: bounded, failure: nil)
    }

    package init(_ failure: DNSFailure) {
        let lifetime = failure.isCertain ? Self.negativeLifetime : Self.lifetimes.lowerBound
        self.init(records: [], lifetime: lifetime, failure: failure)
    }

    /// The same answer with another lifetime, kept within bounds.
    package func lasting(_ lifetime: Duration) -> DNSAnswer {
        let bounded = min(max(lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
        return DNSAnswer(records: records, lifetime: bounded, failure: failure)
    }

    private init(records: [DNSRecord], lifetime: Duration, failure: DNSFailure?) {
        (self.records, self.lifetime, self.failure) = (records, lifetime, failure)
    }
}

/// Why there are no records.
package enum DNSFailure: Error, Hashable, Sendable {
    /// The name does not exist (NXDOMAIN).
    case noSuchName
    /// The name exists, with records of other kinds.
    case noRecords
    /// The servers could not find out (SERVFAIL), or do not do such things.
    case serverFailed
    case refused
    /// No server answered in time.
    case timedOut
    /// No server can be reached, or every one refused to answer.
    case unreachable
    /// The answer is no DNS message, or none to this question.
    case malformed
    /// What was asked for is no name.
    case badName
    /// Too many questions are open already.
    case overloaded

    /// Whether the name service knows that there is nothing, so that asking again soon would be useless.
    package var isCertain: Bool { self == .noSuchName || self == .noRecords || self == .badName }
}

extension DNSFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSuchName: "there is no such name"
        case .noRecords: "the name has no such record"
        case .serverFailed: "the name server failed"
        case .refused: "the name server refused"
        case .timedOut: "no name server answered"
        case .unreachable: "no name server can be reached, or all of them refuse"
        case .malformed: "the name server's answer cannot be read"
        case .badName: "that is no name"
        case .overloaded: "too many names are being looked up"
        }
    }
}
