/// Names of members that are taken already.
///
/// Objects of ours have some dozens of names, for which a set costs more than it finds: hashing one name takes as long as
/// looking through the marks of all.
public struct JSONNames: Sendable {
    private var names: [String] = []
    /// What tells most names apart at a glance, in the same order.
    private var marks: [UInt64] = []

    public init(capacity: Int = 0) {
        names.reserveCapacity(capacity)
        marks.reserveCapacity(capacity)
    }

    public func contains(_ name: String) -> Bool { contains(name, Self.mark(of: name)) }

    /// Takes a name; false if it was taken already.
    @discardableResult
    public mutating func insert(_ name: String) -> Bool {
        let mark = Self.mark(of: name)
        guard !contains(name, mark) else { return false }
        names.append(name)
        marks.append(mark)
        return true
    }

    private func contains(_ name: String, _ mark: UInt64) -> Bool {
        for index in marks.indices where marks[index] == mark && names[index] == name { return true }
        return false
    }

    /// The length, the first bytes and the last ones.
    private static func mark(of name: String) -> UInt64 {
        let bytes = name.utf8.span
        var mark = UInt64(truncatingIfNeeded: bytes.count)
        for index in 0..<min(3, bytes.count) { mark = mark << 8 | UInt64(bytes[index]) }
        for index in max(0, bytes.count - 4)..<bytes.count { mark = mark << 8 | UInt64(bytes[index]) }
        return mark
    }
}
