import Wire

/// The consent tones of one recording, as they were heard; added to both of its sides.
struct ToneTrack {
    private let tone: [Int16]
    /// Where those begin that have not been written to their end, in samples since the beginning.
    private var starts = FIFO<Int>()
    /// Where the last of them ends.
    private var end = 0

    init(_ rate: SampleRate) { tone = ConsentTone.samples(at: rate) }

    /// One that would begin before the last has ended is left out.
    ///
    /// The parties hear the later one cut the earlier off. Were they written one behind the other, a recording that is
    /// paused and resumed again and again would have tones for longer than anybody heard them.
    mutating func begin(at sample: Int) {
        guard sample >= end else { return }
        starts.append(sample)
        end = sample + tone.count
    }

    /// Adds to stereo samples, of which the first is so many after the beginning.
    mutating func add(to samples: UnsafeMutableBufferPointer<Int16>, from position: Int) {
        let end = position + samples.count / 2
        while let start = starts.first, start < end {
            for place in max(start, position)..<max(position, min(start + tone.count, end)) {
                let value = Int(tone[place - start])
                for side in 0...1 {
                    let index = (place - position) * 2 + side
                    samples[index] = Int16(clamping: Int(samples[index]) + value)
                }
            }
            guard start + tone.count <= end else { return }
            _ = starts.popFirst()
        }
    }
}
