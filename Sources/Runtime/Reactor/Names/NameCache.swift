import DNS
import Wire

/// Answers of the name service for as long as they hold, and a while longer for when the service fails.
struct NameCache {
    private struct Entry {
        let answer: DNSAnswer
        var expires: Instant
        /// Until when it may stand in for a server that does not answer.
        let staleUntil: Instant
    }

    /// How long an answer that has expired may still stand in for a server that does not answer (RFC 8767).
    private static let staleness = Duration.seconds(86_400)
    /// What such an answer is worth.
    private static let staleLifetime = Duration.seconds(30)

    private let capacity: Int
    private var entries: [DNSQuestion: Entry] = [:]

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { entries.count }

    /// The answer as it is now, its lifetime being what is left of it; nil when there is none that holds.
    func answer(to question: DNSQuestion, now: Instant) -> DNSAnswer? {
        guard let entry = entries[question], now < entry.expires else { return nil }
        return entry.answer.lasting(entry.expires - now)
    }

    /// Takes records that have expired into use again for a moment, for want of an answer.
    mutating func revive(_ question: DNSQuestion, now: Instant) -> DNSAnswer? {
        guard let entry = entries[question], entry.answer.failure == nil, now < entry.staleUntil else { return nil }
        entries[question]?.expires = now + Self.staleLifetime
        return entry.answer.lasting(Self.staleLifetime)
    }

    /// Keeps an answer in place of the one before.
    mutating func keep(_ answer: DNSAnswer, to question: DNSQuestion, now: Instant) {
        if entries[question] == nil, entries.count >= capacity { makeRoom() }
        let expires = now + answer.lifetime
        entries[question] = Entry(answer: answer, expires: expires, staleUntil: expires + Self.staleness)
    }

    /// Forgets what expires first.
    private mutating func makeRoom() {
        if let oldest = entries.min(by: { $0.value.expires < $1.value.expires }) { entries[oldest.key] = nil }
    }
}
