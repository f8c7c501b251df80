/// A name that is a number of ours, given out one after another and never by anybody outside.
///
/// Tables are asked for these at every message. Swift's own hashing guards against keys that an attacker chose, at
/// ten times the cost; here nobody can choose, so one multiplication spreads them.
public protocol SerialID: Hashable, Sendable {
    var rawValue: UInt64 { get }
}

extension SerialID {
    @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

    /// What the standard library's tables ask for; `seed` is the table's own.
    ///
    /// It is a requirement of `Hashable` with an underscore: without it all would be as right, and slower.
    @inlinable public func _rawHashValue(seed: Int) -> Int {
        let product = (rawValue ^ UInt64(truncatingIfNeeded: seed)).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }
}
