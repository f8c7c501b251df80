/// A piece of sound in memory: mono, linear, never changed, and shared by everybody who hears it.
///
/// `@unchecked Sendable`: the memory is written before anybody else has the sound, and only read from then on.
package final class Sound: @unchecked Sendable {
    /// Samples of 8000 Hz; never empty.
    let narrow: UnsafeBufferPointer<Int16>
    /// The same at 16,000 Hz, twice as many; nil where there is no more to be heard than at 8000 Hz.
    let wide: UnsafeBufferPointer<Int16>?

    /// Takes samples of 8000 Hz and, of sound with more in it, the same at 16,000 Hz; nothing becomes one sample of
    /// silence.
    package init(narrow: [Int16], wide: [Int16]? = nil) {
        let count = max(narrow.count, 1)
        self.narrow = Self.store(narrow, count)
        self.wide = wide.map { Self.store($0, 2 * count) }
    }

    deinit {
        narrow.deallocate()
        wide?.deallocate()
    }

    private static func store(_ samples: [Int16], _ count: Int) -> UnsafeBufferPointer<Int16> {
        let memory = UnsafeMutableBufferPointer<Int16>.allocate(capacity: count)
        memory.initialize(repeating: 0)
        for (index, sample) in samples.prefix(count).enumerated() { memory[index] = sample }
        return UnsafeBufferPointer(memory)
    }

    /// How long it lasts.
    package var duration: Duration { .milliseconds(Int64(narrow.count) * 1000 / Int64(SampleRate.narrowband.rawValue)) }

    /// What it takes of memory, in bytes.
    package var size: Int { (narrow.count + (wide?.count ?? 0)) * MemoryLayout<Int16>.size }
}
