import Glibc
import RTP
import Wire

@testable import Media

/// Sounds to send through codecs, and codecs as plain functions of arrays.
enum Sounds {
    static func tone(_ frequency: Double, seconds: Double, rate: SampleRate, peak: Double = 8000) -> [Int16] {
        (0..<Int(seconds * Double(rate.rawValue))).map { index in
            Int16(peak * sin(2 * .pi * frequency * Double(index) / Double(rate.rawValue)))
        }
    }

    /// Vowels of changing pitch and formants, with a consonant's noise before each.
    static func speech(seconds: Double, rate: SampleRate, seed: UInt64) -> [Int16] {
        var entropy = Entropy(seed: seed)
        var samples: [Double] = []
        let length = rate.rawValue / 5
        while Double(samples.count) < seconds * Double(rate.rawValue) {
            let pitch = Double.random(in: 90...220, using: &entropy)
            let formants = [Double.random(in: 300...800, using: &entropy), .random(in: 1000...2200, using: &entropy)]
            let partials = (1...Int(3000 / pitch)).map { harmonic in
                let frequency = pitch * Double(harmonic)
                let gain = formants.reduce(0.02) { $0 + 1 / (1 + pow((frequency - $1) / 120, 2)) }
                return (frequency, gain, Double.random(in: 0...1, using: &entropy))
            }
            for index in 0..<length {
                let time = Double(index) / Double(rate.rawValue)
                let envelope = sin(.pi * Double(index) / Double(length)).squareRoot()
                let voice = partials.reduce(0) { $0 + $1.1 * sin(2 * .pi * ($1.0 * time + $1.2)) }
                samples.append(1500 * envelope * voice + Double.random(in: -100...100, using: &entropy))
            }
        }
        return samples.map { Int16(max(-32_000, min(32_000, $0))) }
    }

    /// A sound as payloads of so many milliseconds.
    static func payloads(_ sound: [Int16], _ encoding: AudioEncoding, _ rate: SampleRate) -> [[UInt8]] {
        guard var encoder = AudioEncoder(encoding, at: rate) else { return [] }
        return frames(sound, rate).map { frame in
            var payload = [UInt8](repeating: 0, count: AudioEncoder.longestPayload)
            let length = frame.withUnsafeBufferPointer { samples in
                payload.withUnsafeMutableBytes { encoder.encode(samples, into: $0) }
            }
            return Array(payload[..<length])
        }
    }

    static func frames(_ sound: [Int16], _ rate: SampleRate) -> [[Int16]] {
        let size = rate.samplesPerFrame
        return stride(from: 0, to: sound.count - size + 1, by: size).map { Array(sound[$0..<$0 + size]) }
    }
}

/// A decoder that answers arrays.
struct Decoder: ~Copyable {
    private var decoder: AudioDecoder

    init(_ encoding: AudioEncoding, _ rate: SampleRate) throws {
        guard let made = AudioDecoder(encoding, at: rate) else { throw RigError.noAnswer }
        decoder = made
    }

    mutating func decode(_ payload: [UInt8]) -> [Double] {
        var samples = [Int16](repeating: 0, count: decoder.sampleRate.longestPacket)
        let count = payload.withUnsafeBytes { bytes in
            samples.withUnsafeMutableBufferPointer { decoder.decode(bytes, into: $0) }
        }
        return samples[..<count].map(Double.init)
    }

    /// Makes up 20 ms.
    mutating func conceal(before next: [UInt8]? = nil) -> [Double] {
        let count = decoder.sampleRate.samplesPerFrame
        var samples = [Int16](repeating: 0, count: decoder.sampleRate.longestPacket)
        samples.withUnsafeMutableBufferPointer { room in
            guard let next else { return decoder.conceal(count, into: room) }
            next.withUnsafeBytes { decoder.conceal(count, before: $0, into: room) }
        }
        return samples[..<count].map(Double.init)
    }

    mutating func startNoise(_ payload: [UInt8]) { payload.withUnsafeBytes { decoder.startNoise($0) } }

    /// The whole of a stream; nil stands for a packet that was lost.
    mutating func hear(_ payloads: [[UInt8]?]) -> [Double] {
        var heard: [Double] = []
        for (index, payload) in payloads.enumerated() {
            if let payload {
                heard += decode(payload)
            } else {
                heard += conceal(before: index + 1 < payloads.count ? payloads[index + 1] : nil)
            }
        }
        return heard
    }
}
