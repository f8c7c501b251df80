import Wire

/// An event's object: the exchange writes numbers as numbers or as text, and leaves out what it does not know.
struct MangoPayload {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    /// Longest id or number that is kept; more is cut off.
    private static let longestText = 160

    private static let longestAddress = 2048

    /// Text that is not empty; a number stands for its digits.
    ///
    /// With a zero character it is none: C's texts end there.
    func text(_ name: String) -> String? {
        let text = object[name]?.stringValue ?? object[name]?.integerValue.map { String($0) }
        guard let text, !text.isEmpty, !text.utf8.contains(0) else { return nil }
        return text.utf8.count <= Self.longestText ? text : String(text.prefix(Self.longestText / 4))
    }

    /// An address, which is of no use when it is cut off.
    func address(_ name: String) -> String? {
        guard let text = object[name]?.stringValue, !text.isEmpty, text.utf8.count <= Self.longestAddress,
            !text.utf8.contains(0)
        else { return nil }
        return text
    }

    func integer(_ name: String) -> Int? {
        let number = object[name]?.integerValue ?? object[name]?.stringValue.flatMap { Int64($0) }
        return number.flatMap { Int(exactly: $0) }
    }

    /// A count that can be stored.
    func count(_ name: String) -> Int? { integer(name).flatMap { (0...Int(Int32.max)).contains($0) ? $0 : nil } }

    /// Seconds since 1970, or milliseconds when they are too many; nil for none, zero, and times that cannot be.
    func time(_ name: String) -> WallTime? {
        guard let number = integer(name), number > 0, number < 100_000_000_000_000 else { return nil }
        return WallTime(milliseconds: Int64(number > 1_000_000_000_000 ? number : number * 1000))
    }

    func side(_ name: String) -> MangoSide {
        guard let object = object[name]?.objectValue else { return MangoSide(number: text(name)) }
        let side = MangoPayload(object)
        return MangoSide(
            number: side.text("number"), extension: side.text("extension"), takenFrom: side.text("taken_from_call_id"))
    }

    /// A member of a member.
    func text(_ name: String, in member: String) -> String? {
        object[member]?.objectValue.flatMap { MangoPayload($0).text(name) }
    }

    func has(_ name: String) -> Bool { object[name].map { !$0.isNull } ?? false }
}
