/// Makes up what was lost of a waveform by going on with its last pitch period, as ITU-T G.711 Appendix I does.
///
/// The period is sought among 5…15 ms; its repetition fades from 10 ms on and is silent after 60 ms. The first samples
/// after a loss are blended with it. All memory is taken when it is made.
struct LossConcealer {
    private let rate: Int
    private let (shortestLag, longestLag, window): (Int, Int, Int)
    /// The latest samples that were heard, the newest last.
    private var history: [Float]
    private var period: [Float]
    private var lag = 0
    private var phase = 0
    /// Samples made up since the last that came; 0 while nothing is missing.
    private var missing = 0

    init(_ rate: SampleRate) {
        self.rate = rate.rawValue
        (shortestLag, longestLag, window) = (rate.rawValue / 200, rate.rawValue * 15 / 1000, rate.rawValue / 50)
        history = [Float](repeating: 0, count: window + longestLag + longestLag / 4)
        period = [Float](repeating: 0, count: longestLag)
    }

    /// Takes samples that came, and smooths their beginning when they follow a loss.
    mutating func heard(_ samples: UnsafeMutableBufferPointer<Int16>) {
        if missing > 0 { join(samples) }
        missing = 0
        let kept = history.count
        let fresh = min(samples.count, kept)
        for index in 0..<(kept - fresh) { history[index] = history[index + fresh] }
        for index in 0..<fresh { history[kept - fresh + index] = Float(samples[samples.count - fresh + index]) }
    }

    /// Makes up samples for a loss.
    mutating func conceal(_ output: UnsafeMutableBufferPointer<Int16>) {
        if missing == 0 { begin() }
        let overlap = lag / 4
        for index in output.indices {
            var value = synthesise()
            if missing < overlap {
                // The waveform turns back on itself for a moment, so that there is no step where it stopped.
                let weight = Float(missing) / Float(overlap)
                value = value * weight + history[history.count - 1 - missing] * (1 - weight)
            }
            missing += 1
            output[index] = Self.clipped(value)
        }
    }

    private mutating func join(_ samples: UnsafeMutableBufferPointer<Int16>) {
        let length = min(samples.count, rate / 200)
        for index in 0..<length {
            let weight = Float(index) / Float(length)
            samples[index] = Self.clipped(synthesise() * (1 - weight) + Float(samples[index]) * weight)
            missing += 1
        }
    }

    private mutating func synthesise() -> Float {
        let value = period[phase] * gain
        phase = phase + 1 < lag ? phase + 1 : 0
        return value
    }

    /// Full for 10 ms, then down to nothing at 60 ms.
    private var gain: Float {
        let faded = Float(missing - rate / 100) / Float(rate / 20)
        return max(0, min(1, 1 - faded))
    }

    /// Cuts out the last period, its end bent so that it leads to its own beginning.
    private mutating func begin() {
        lag = findLag()
        phase = 0
        let (start, overlap) = (history.count - lag, lag / 4)
        for index in 0..<lag { period[index] = history[start + index] }
        for index in 0..<overlap {
            let weight = Float(index + 1) / Float(overlap)
            let place = lag - overlap + index
            period[place] = period[place] * (1 - weight) + history[start - overlap + index] * weight
        }
    }

    /// The lag at which the latest 20 ms resemble what came before most: coarsely first, then sample by sample.
    private func findLag() -> Int {
        let step = rate / 8000
        let coarse = best(stride(from: shortestLag, through: longestLag, by: step), step)
        guard step > 1 else { return coarse }
        let (low, high) = (max(shortestLag, coarse - step + 1), min(longestLag, coarse + step - 1))
        return best(stride(from: low, through: high, by: 1), step)
    }

    private func best(_ lags: StrideThrough<Int>, _ step: Int) -> Int {
        var (found, highest) = (longestLag, -Float.infinity)
        for lag in lags {
            let likeness = likeness(lag, step)
            if likeness > highest { (found, highest) = (lag, likeness) }
        }
        return found
    }

    private func likeness(_ lag: Int, _ step: Int) -> Float {
        var (product, energy) = (Float(0), Float(1))
        for index in stride(from: history.count - window, to: history.count, by: step) {
            product += history[index] * history[index - lag]
            energy += history[index - lag] * history[index - lag]
        }
        return product / energy.squareRoot()
    }

    private static func clipped(_ value: Float) -> Int16 { Int16(max(-32_768, min(32_767, value))) }
}
