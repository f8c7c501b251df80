/// The 128 newest indices of a stream, to find replays (RFC 3711 section 3.3.2).
struct ReplayWindow {
    /// The newest index accepted; meaningless while `isEmpty`.
    private(set) var newest: UInt64 = 0
    private(set) var isEmpty = true
    /// Bit n: the index `newest - n` was accepted.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    @inline(__always)
    func accepts(_ index: UInt64) -> Bool {
        if isEmpty || index > newest { return true }
        let age = newest - index
        if age < 64 { return low >> age & 1 == 0 }
        return age < UInt64(SRTPLimits.window) && high >> (age - 64) & 1 == 0
    }

    @inline(__always)
    mutating func accept(_ index: UInt64) {
        if isEmpty {
            (newest, low, isEmpty) = (index, 1, false)
        } else if index > newest {
            let step = index - newest
            // Shifts past the width give zero, which is what is wanted.
            high = high << step | (step < 64 ? low >> (64 - step) : low << (step - 64))
            low = low << step | 1
            newest = index
        } else if newest - index < 64 {
            low |= 1 << (newest - index)
        } else {
            high |= 1 << (newest - index - 64)
        }
    }
}

/// What a session remembers of one SSRC.
struct SRTPSource {
    let ssrc: UInt32
    var packets = ReplayWindow()
    var control = ReplayWindow()
    /// The index the next RTCP packet of ours gets.
    ///
    /// libsrtp counts from 1, and so do we, byte for byte.
    var nextControlIndex: UInt64 = 1

    init(ssrc: UInt32) { self.ssrc = ssrc }

    /// The 48-bit index a sequence number most likely stands for (RFC 3711 section 3.3.1 and appendix A).
    ///
    /// A roll-over counter below zero is no index: at the stream's beginning such a number is taken as a jump ahead.
    @inline(__always)
    func index(of sequence: UInt16) -> UInt64 {
        guard !packets.isEmpty else { return UInt64(sequence) }
        let rollOver = packets.newest >> 16
        let newest = Int32(truncatingIfNeeded: packets.newest & 0xFFFF)
        let number = Int32(sequence)
        if newest < 0x8000, number - newest > 0x8000, rollOver > 0 {
            return (rollOver - 1) << 16 | UInt64(sequence)
        }
        if newest >= 0x8000, newest - 0x8000 > number { return (rollOver + 1) << 16 | UInt64(sequence) }
        return rollOver << 16 | UInt64(sequence)
    }

    static let indexLimit: UInt64 = 1 << 48
    static let controlIndexLimit: UInt64 = 1 << 31
}
