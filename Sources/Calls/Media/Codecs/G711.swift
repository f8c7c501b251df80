import CSpanDSP

/// Companding of 16-bit linear samples (ITU-T G.711).
enum G711 {
    /// Law µ, with the code words inverted as they go over the wire.
    static func muLaw(_ sample: Int16) -> UInt8 {
        let bias = 132
        let magnitude = min(Int(sample.magnitude), 32_635) + bias
        // The segment is the place of the highest bit, 7 for the loudest.
        let segment = max(0, Int.bitWidth - magnitude.leadingZeroBitCount - 8)
        let step = (magnitude >> (segment + 3)) & 0x0F
        let sign: UInt8 = sample < 0 ? 0x80 : 0
        return ~(sign | UInt8(segment << 4 | step))
    }

    /// Law A, with every second bit inverted as it goes over the wire.
    static func aLaw(_ sample: Int16) -> UInt8 {
        let sign: UInt8 = sample < 0 ? 0 : 0x80
        let magnitude = Int(sample < 0 ? ~sample : sample) >> 3
        let segment = max(0, Int.bitWidth - magnitude.leadingZeroBitCount - 5)
        let step = (segment < 2 ? magnitude >> 1 : magnitude >> segment) & 0x0F
        return (sign | UInt8(min(segment, 7) << 4 | step)) ^ 0x55
    }

    /// The sample a code word of law µ stands for.
    static func linear(muLaw code: UInt8) -> Int16 { ulaw_to_linear(code) }

    /// The sample a code word of law A stands for.
    static func linear(aLaw code: UInt8) -> Int16 { alaw_to_linear(code) }
}
