import Testing

@testable import Media

/// Consent tones in a recording, sample by sample.
struct ToneTrackTests {
    private let tone = ConsentTone.samples(at: .narrowband)

    /// So much silence with what the track adds to it, in pieces of so many frames.
    private func written(_ track: ToneTrack, frames: Int, in piece: Int) -> [Int16] {
        var (track, all) = (track, [Int16]())
        for position in stride(from: 0, to: frames, by: piece) {
            var samples = [Int16](repeating: 0, count: 2 * min(piece, frames - position))
            samples.withUnsafeMutableBufferPointer { track.add(to: $0, from: position) }
            all += samples
        }
        return all
    }

    @Test func `it is a fifth of a second of 1400 Hz that rises and falls softly`() {
        #expect(tone.count == 1600)
        #expect(Ear.share(of: 1400, in: tone.map(Double.init)) > 0.98)
        #expect(abs(Int(tone[0])) < 200 && abs(Int(tone[1599])) < 200)
        #expect(ConsentTone.samples(at: .wideband).count == 3200)
    }

    @Test(arguments: [1, 160, 333, 4000, 20_000])
    func `both sides have it where it was begun, however the samples are cut`(piece: Int) {
        var track = ToneTrack(.narrowband)
        // The third begins while the second is heard, which the parties hear cut off: it adds nothing to the file.
        for start in [100, 5000, 6000, 6600] { track.begin(at: start) }
        let samples = written(track, frames: 9000, in: piece)
        var wanted = [Int](repeating: 0, count: 9000)
        for start in [100, 5000, 6600] { for index in tone.indices { wanted[start + index] = Int(tone[index]) } }
        for index in wanted.indices where wanted[index] != Int(samples[2 * index]) {
            Issue.record("\(index): \(samples[2 * index]) instead of \(wanted[index])")
            return
        }
        #expect(stride(from: 0, to: samples.count, by: 2).allSatisfy { samples[$0] == samples[$0 + 1] })
    }

    @Test func `as many tones as are begun at once are written once`() {
        var track = ToneTrack(.narrowband)
        for start in 0..<1000 { track.begin(at: start) }
        let samples = written(track, frames: 9000, in: 160)
        #expect(samples[..<3200].contains { $0 != 0 } && samples[3200...].allSatisfy { $0 == 0 })
    }

    @Test func `what would be too loud is cut, and does not wrap`() {
        var track = ToneTrack(.narrowband)
        track.begin(at: 0)
        var samples = [Int16](repeating: .max, count: 3200)
        samples.withUnsafeMutableBufferPointer { track.add(to: $0, from: 0) }
        #expect(samples.allSatisfy { $0 > 20_000 } && samples.contains(.max))
    }
}
