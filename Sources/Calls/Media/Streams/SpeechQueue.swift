import Wire

/// What a stream's far end wants to say, on its way to be said: samples and marks between them, 20 ms taken at a time.
///
/// It begins to speak when 60 ms are there or have passed, so that what comes in its own time has some slack.
struct SpeechQueue {
    private enum Item {
        case samples([Int16])
        case mark(String)
    }

    private let rate: SampleRate
    private let limit: Int
    private var items = FIFO<Item>()
    /// Taken from the front of `items`, and used up to `offset`.
    private var front: [Int16] = []
    private var offset = 0
    private(set) var waiting = 0
    private var marks = 0
    private var isSpeaking = false
    private var since: Instant?

    static let longest = Duration.seconds(60)
    static let mostMarks = 1000
    static let slack = Duration.milliseconds(60)

    init(_ rate: SampleRate) {
        self.rate = rate
        limit = rate.samplesPerFrame * Int(Self.longest / .milliseconds(20))
    }

    /// Answers how many samples found no room.
    mutating func append(_ samples: [Int16], at now: Instant) -> Int {
        let room = min(samples.count, limit - waiting)
        if room > 0 {
            items.append(.samples(room == samples.count ? samples : Array(samples[..<room])))
            waiting += room
            since = since ?? now
        }
        return samples.count - room
    }

    /// False when there are too many of them.
    mutating func append(mark: String) -> Bool {
        guard marks < Self.mostMarks else { return false }
        marks += 1
        items.append(.mark(mark))
        return true
    }

    /// Marks that nothing is to be said before.
    mutating func takeReachedMarks() -> [String] {
        guard waiting == 0 else { return [] }
        return drainMarks()
    }

    /// Fills a frame; false while there is nothing to say.
    ///
    /// What is missing at the end is silence.
    mutating func next(into frame: inout [Int16], at now: Instant) -> Bool {
        guard waiting > 0 else {
            (isSpeaking, since) = (false, nil)
            return false
        }
        let size = rate.samplesPerFrame
        guard isSpeaking || waiting >= 3 * size || since.map({ now - $0 >= Self.slack }) ?? false else { return false }
        isSpeaking = true
        for index in 0..<size { frame[index] = nextSample() ?? 0 }
        return true
    }

    /// Marks that have been passed since the last question.
    private(set) var passed: [String] = []

    mutating func takePassed() -> [String] {
        defer { passed = [] }
        return passed + takeReachedMarks()
    }

    /// Drops all that waits and answers the marks in it.
    mutating func clear() -> [String] {
        var dropped = passed
        passed = []
        while let item = items.popFirst() { if case .mark(let name) = item { dropped.append(name) } }
        (front, offset, waiting, marks) = ([], 0, 0, 0)
        (isSpeaking, since) = (false, nil)
        return dropped
    }

    private mutating func nextSample() -> Int16? {
        while offset == front.count {
            guard waiting > 0, let item = items.popFirst() else { return nil }
            switch item {
            case .samples(let samples): (front, offset) = (samples, 0)
            case .mark(let name):
                marks -= 1
                passed.append(name)
            }
        }
        offset += 1
        waiting -= 1
        return front[offset - 1]
    }

    private mutating func drainMarks() -> [String] {
        var names: [String] = []
        while let item = items.popFirst() { if case .mark(let name) = item { names.append(name) } }
        marks = 0
        return names
    }
}
