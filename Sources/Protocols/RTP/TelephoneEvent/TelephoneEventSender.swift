/// Sends digits as telephone-events, one step each 20 ms (RFC 4733 section 2.5.1).
///
/// Each digit sounds 100 ms, its last packet goes out three times, and 80 ms of pause follow.
package struct TelephoneEventSender: Hashable, Sendable {
    /// What to do in this step.
    package enum Step: Hashable, Sendable {
        /// Send this event; `isFirst` begins a new one.
        case event(TelephoneEvent, isFirst: Bool)
        /// Between two digits: send nothing.
        case pause
        /// Nothing is left.
        case idle
    }

    private var waiting: [UInt8] = []
    private var code: UInt8 = 0
    /// Steps of the current digit done so far; 0 between digits.
    private var done = 0
    private var clockRate: UInt32

    /// Digits held at once; more are left out.
    package static let capacity = 64
    package static let stepMilliseconds: UInt32 = 20
    private static let soundSteps = 5
    private static let repeatedEnds = 2
    private static let pauseSteps = 4

    package init(clockRate: UInt32) { self.clockRate = max(clockRate, 1) }

    package mutating func setClockRate(_ rate: UInt32) { clockRate = max(rate, 1) }

    package var isIdle: Bool { done == 0 && waiting.isEmpty }

    /// Queues digits; characters that are none are left out.
    package mutating func send(_ digits: String) {
        for digit in digits {
            if let code = TelephoneEvent.code(digit) { send(code) }
        }
    }

    /// Queues a digit by its event code.
    package mutating func send(_ code: UInt8) {
        if waiting.count < Self.capacity { waiting.append(code) }
    }

    /// Forgets what was not sent.
    package mutating func cancel() { (waiting, done) = ([], 0) }

    /// To be asked every 20 ms.
    package mutating func step() -> Step {
        if done == 0 {
            guard !waiting.isEmpty else { return .idle }
            code = waiting.removeFirst()
        }
        done += 1
        let ending = Self.soundSteps + Self.repeatedEnds
        if done <= ending {
            let sounded = UInt32(min(done, Self.soundSteps))
            let duration = sounded * (clockRate / 1000 * Self.stepMilliseconds)
            let event = TelephoneEvent(
                code: code, isEnd: done >= Self.soundSteps, duration: UInt16(clamping: duration))
            return .event(event, isFirst: done == 1)
        }
        if done == ending + Self.pauseSteps { done = 0 }
        return .pause
    }
}
