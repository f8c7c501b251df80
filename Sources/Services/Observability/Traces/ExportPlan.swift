package import Wire

/// When spans go out: in batches, each after a while or when it is full, and again when the collector was busy.
///
/// It knows no clock and no network: it is asked, and told what came of it.
package struct ExportPlan: Sendable {
    package struct Settings: Sendable {
        /// Spans of one request.
        package var batch = 512
        /// Spans that wait at most; what comes when there are so many is dropped.
        package var capacity = 8192
        /// How long the first of a batch waits for others.
        package var gathering = Duration.seconds(5)
        package var retries = RetrySchedule()

        package init() {
            retries.first = .seconds(1)
            retries.longest = .seconds(30)
            retries.attempts = 6
        }
    }

    package enum Step: Sendable, Equatable {
        case idle
        case wait(Duration)
        /// The batch that failed before, or a new one.
        case send
        /// The batch that failed is dropped, and the next is due.
        case giveUp
    }

    private let settings: Settings
    private var waitingSince: Instant?
    private var retryAt: Instant?
    private var failures = 0
    private var isClosing = false
    private var entropy: Entropy

    package init(_ settings: Settings, entropy: Entropy) { (self.settings, self.entropy) = (settings, entropy) }

    /// What is to be done now, with so many spans in the queue besides the batch that failed.
    package mutating func step(waiting: Int, now: Instant) -> Step {
        if let retryAt {
            if failures >= settings.retries.attempts || isClosing {
                (self.retryAt, failures) = (nil, 0)
                return .giveUp
            }
            return now >= retryAt ? .send : .wait(retryAt - now)
        }
        guard waiting > 0 else {
            waitingSince = nil
            return .idle
        }
        let since = waitingSince ?? now
        waitingSince = since
        let due = since + settings.gathering
        guard waiting >= settings.batch || now >= due || isClosing else { return .wait(due - now) }
        return .send
    }

    /// Tells what came of a batch that was sent.
    package mutating func settle(_ verdict: ExportVerdict, at now: Instant) {
        (retryAt, waitingSince) = (nil, nil)
        switch verdict {
        case .taken, .refused: failures = 0
        case .busy(_, let pause):
            failures += 1
            let delay = settings.retries.delay(after: failures, using: &entropy)
            retryAt = now + max(delay, pause ?? .zero)
        }
    }

    /// From now on nothing waits: what is there goes out once.
    package mutating func close() { isClosing = true }
}
