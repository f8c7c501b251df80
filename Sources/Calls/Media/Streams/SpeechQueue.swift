import Wire

/// What a stream's far end wants to say, on its way to be said: samples and marks between them, 20 ms taken at a time.
///
/// It begins to speak when 60 ms are there or have passed, so that what comes in its own time has some slack.
struct SpeechQueue {
    private enum Item {
        case samples([Int16])
        case mark(String)
    }

    private let frame: Int
    private let limit: Int
    private var items = FIFO<Item>()
    /// Taken from the front of `items`, and used up to `offset`.
    private var front: [Int16] = []
    private var offset = 0
    /// Samples that wait.
    private(set) var waiting = 0
    /// Marks in `items`.
    private var marks = 0
    private var passed: [String] = []
    private var isSpeaking = false
    /// When the first sample of what is not being said yet came.
    private var since: Instant?

    static let longest = Duration.seconds(60)
    static let mostMarks = 1000
    static let slack = Duration.milliseconds(60)

    init(_ rate: SampleRate) {
        frame = rate.samplesPerFrame
        limit = frame * Int(Self.longest / .milliseconds(20))
    }

    /// Answers how many samples found no room.
    mutating func append(_ samples: [Int16], at now: Instant) -> Int {
        let room = min(samples.count, limit - waiting)
        if room > 0 {
            items.append(.samples(room == samples.count ? samples : Array(samples[..<room])))
            waiting += room
            since = since ?? now
            seek()
        }
        return samples.count - room
    }

    /// False when there are too many of them.
    mutating func append(mark: String) -> Bool {
        guard marks + passed.count < Self.mostMarks else { return false }
        marks += 1
        items.append(.mark(mark))
        seek()
        return true
    }

    /// Fills a frame; false while there is nothing to say, or too little yet.
    ///
    /// When it is urgent, because listeners run dry, less than a frame is followed by silence.
    mutating func next(into output: inout [Int16], at now: Instant, isUrgent: Bool) -> Bool {
        guard waiting > 0 else {
            if isUrgent { (isSpeaking, since) = (false, nil) }
            return false
        }
        if !isSpeaking {
            guard waiting >= 3 * frame || since.map({ now - $0 >= Self.slack }) ?? true else { return false }
            isSpeaking = true
        } else if waiting < frame, !isUrgent {
            return false
        }
        for index in 0..<frame { output[index] = nextSample() }
        return true
    }

    /// Marks that have been passed since the last question.
    mutating func takePassed() -> [String] {
        defer { passed = [] }
        return passed
    }

    /// Drops all that waits and answers the marks in it.
    mutating func clear() -> [String] {
        var dropped = takePassed()
        while let item = items.popFirst() { if case .mark(let name) = item { dropped.append(name) } }
        (front, offset, waiting, marks) = ([], 0, 0, 0)
        (isSpeaking, since) = (false, nil)
        return dropped
    }

    /// Silence when none is left.
    private mutating func nextSample() -> Int16 {
        guard offset < front.count else { return 0 }
        let sample = front[offset]
        offset += 1
        waiting -= 1
        seek()
        return sample
    }

    /// Goes to the next sample that waits, past the marks before it.
    private mutating func seek() {
        while offset == front.count, let item = items.popFirst() {
            switch item {
            case .samples(let samples): (front, offset) = (samples, 0)
            case .mark(let name):
                marks -= 1
                passed.append(name)
            }
        }
    }
}
