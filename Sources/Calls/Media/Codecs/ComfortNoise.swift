import Glibc

/// Noise in place of what a sender with silence suppression does not send (RFC 3389).
///
/// Of its description the level is followed and the spectrum is not: the noise is white.
struct ComfortNoise {
    /// Peak of the noise in 16-bit samples; nil while there is speech.
    private var peak: Double?
    private var state: UInt32 = 0x9E37_79B9

    var isOn: Bool { peak != nil }

    /// Takes the payload of a comfort noise packet: the first byte is the level in −dBov.
    mutating func start(_ payload: UnsafeRawBufferPointer) {
        let level = payload.first.map { Double($0 & 0x7F) } ?? 127
        // Evenly spread noise peaks √3 above its root mean square; a full-scale square wave is 0 dBov.
        peak = 32_767 * pow(10, -level / 20) * 3.0.squareRoot()
    }

    mutating func stop() { peak = nil }

    mutating func fill(_ output: UnsafeMutableBufferPointer<Int16>) {
        guard let peak else { return }
        for index in output.indices {
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            let value = peak * Double(Int32(bitPattern: state)) / 2_147_483_648
            output[index] = Int16(max(-32_768, min(32_767, value)))
        }
    }
}
