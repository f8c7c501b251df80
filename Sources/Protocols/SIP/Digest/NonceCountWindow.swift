/// Which counts of one nonce were used: the highest, and the 63 below it (RFC 7616 3.4.5).
///
/// A sliding window rather than a strict order, because requests overtake each other.
struct NonceCountWindow: Sendable {
    private var highest: UInt32 = 0
    /// Bit n stands for `highest - n`.
    private var used: UInt64 = 0

    /// Whether this count comes for the first time; it is marked as used.
    mutating func accept(_ count: UInt32) -> Bool {
        guard count > 0 else { return false }
        if count > highest {
            let shift = count - highest
            used = shift < 64 ? used << UInt64(shift) | 1 : 1
            highest = count
            return true
        }
        let age = highest - count
        guard age < 64 else { return false }
        let bit: UInt64 = 1 << UInt64(age)
        guard used & bit == 0 else { return false }
        used |= bit
        return true
    }
}
