import Testing
import Wire

@testable import Media

/// What a stream says, as it waits to be said.
struct SpeechQueueTests {
    private static let frame = SampleRate.narrowband.samplesPerFrame

    private static func at(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

    private static func samples(_ value: Int16, frames: Int, more: Int = 0) -> [Int16] {
        [Int16](repeating: value, count: frames * frame + more)
    }

    /// The next frame; nil while there is nothing to say.
    private static func next(_ queue: inout SpeechQueue, at now: Instant, isUrgent: Bool = true) -> [Int16]? {
        var out = [Int16](repeating: -1, count: frame)
        return queue.next(into: &out, at: now, isUrgent: isUrgent) ? out : nil
    }

    @Test func `speech begins with 60 ms in hand and is given out 20 ms at a time, to its last sample`() {
        var queue = SpeechQueue(.narrowband)
        let lost = queue.append(Self.samples(7, frames: 2), at: .zero)
        let early = Self.next(&queue, at: Self.at(20))
        #expect(lost == 0 && early == nil)
        _ = queue.append(Self.samples(7, frames: 1, more: 10), at: Self.at(20))
        for _ in 0..<3 {
            let whole = Self.next(&queue, at: Self.at(20))
            #expect(whole == Self.samples(7, frames: 1))
        }
        let relaxed = Self.next(&queue, at: Self.at(60), isUrgent: false)
        #expect(relaxed == nil, "more may come while listeners have something in hand")
        let last = Self.next(&queue, at: Self.at(80))
        #expect(last?.prefix(10).allSatisfy { $0 == 7 } == true && last?.dropFirst(10).allSatisfy { $0 == 0 } == true)
        let none = Self.next(&queue, at: Self.at(100))
        #expect(none == nil)
    }

    @Test func `a short word is said when it has waited 60 ms`() {
        var queue = SpeechQueue(.narrowband)
        _ = queue.append([5], at: Self.at(100))
        let early = Self.next(&queue, at: Self.at(159))
        let word = Self.next(&queue, at: Self.at(160))
        #expect(early == nil && word?.prefix(2) == [5, 0])
    }

    @Test func `marks are passed when what was before them has been taken`() {
        var queue = SpeechQueue(.narrowband)
        let taken = queue.append(mark: "before")
        let before = queue.takePassed()
        #expect(taken && before == ["before"])
        _ = queue.append(Self.samples(1, frames: 3), at: .zero)
        _ = queue.append(mark: "middle")
        _ = queue.append(Self.samples(1, frames: 1), at: .zero)
        _ = queue.append(mark: "end")
        var passed: [[String]] = []
        for _ in 0..<4 {
            let frame = Self.next(&queue, at: .zero)
            #expect(frame == Self.samples(1, frames: 1))
            passed.append(queue.takePassed())
        }
        #expect(passed == [[], [], ["middle"], ["end"]])
    }

    @Test func `clearing answers the marks that were never reached`() {
        var queue = SpeechQueue(.narrowband)
        _ = queue.append(Self.samples(1, frames: 10), at: .zero)
        _ = queue.append(mark: "one")
        _ = queue.append(Self.samples(1, frames: 10), at: .zero)
        _ = queue.append(mark: "two")
        let first = Self.next(&queue, at: .zero)
        let dropped = queue.clear()
        #expect(first != nil && dropped == ["one", "two"] && queue.waiting == 0)
        let rest = Self.next(&queue, at: .zero)
        let passed = queue.takePassed()
        #expect(rest == nil && passed.isEmpty)
    }

    @Test func `a minute waits at most, and so many marks`() {
        var queue = SpeechQueue(.wideband)
        let lost = [59 * 16_000, 2 * 16_000, 1].map { queue.append(Array(repeating: 1, count: $0), at: .zero) }
        #expect(lost == [0, 16_000, 1])
        let taken = (0...SpeechQueue.mostMarks).map { _ in queue.append(mark: "") }
        #expect(taken.dropLast().allSatisfy { $0 } && taken.last == false)
    }

    @Test func `samples survive their encodings`() {
        let samples: [Int16] = [0, 1, -1, 1000, -1000, .max, .min]
        let bytes = samples.withUnsafeBufferPointer {
            StreamEncoding.pcm16.encode($0, every: 1, from: 0, count: samples.count)
        }
        #expect(bytes.prefix(6).elementsEqual([0, 0, 1, 0, 0xFF, 0xFF]))
        #expect(StreamEncoding.pcm16.decode(bytes) == samples)
        #expect(StreamEncoding.pcm16.decode(bytes + [9]) == samples)
        let law = samples.withUnsafeBufferPointer { StreamEncoding.mulaw.encode($0, every: 2, from: 1, count: 3) }
        #expect(law.count == 3 && abs(Int(StreamEncoding.mulaw.decode(law)[1]) - 1000) < 40)
    }
}
