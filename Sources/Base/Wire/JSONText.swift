/// JSON written as it comes, without a value for each part: for what is made at every call and seldom read.
public struct JSONText: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() { bytes.reserveCapacity(1024) }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// An object: as an element, or all there is.
    public mutating func object(_ members: (inout JSONText) -> Void) { enclose("{", members, "}") }

    public mutating func member(_ name: String, object members: (inout JSONText) -> Void) {
        begin(name)
        enclose("{", members, "}")
    }

    public mutating func member(_ name: String, array elements: (inout JSONText) -> Void) {
        begin(name)
        enclose("[", elements, "]")
    }

    public mutating func element(_ value: String) {
        separate()
        JSONValue.string(value).write(to: &bytes)
    }

    public mutating func member(_ name: String, _ value: JSONValue) {
        begin(name)
        value.write(to: &bytes)
    }

    public mutating func member(_ name: String, _ value: String?) { member(name, JSONValue(value)) }
    public mutating func member(_ name: String, _ value: Bool) { member(name, .bool(value)) }
    public mutating func member(_ name: String, _ value: Int) { member(name, .integer(Int64(value))) }

    /// A count; what is beyond the numbers of `JSONValue` is the largest of them.
    public mutating func member(_ name: String, _ value: UInt64) { member(name, .integer(Int64(clamping: value))) }

    public mutating func null(_ name: String) { member(name, .null) }

    private mutating func begin(_ name: String) {
        separate()
        JSONValue.string(name).write(to: &bytes)
        bytes.append(ASCII.colon)
    }

    private mutating func enclose(
        _ opening: Unicode.Scalar, _ content: (inout JSONText) -> Void, _ closing: Unicode.Scalar
    ) {
        if bytes.last != ASCII.colon { separate() }
        bytes.append(UInt8(ascii: opening))
        content(&self)
        bytes.append(UInt8(ascii: closing))
    }

    /// A comma, unless what is enclosed has just begun; no string ends in a bracket, for it ends in its quotes.
    private mutating func separate() {
        guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") else { return }
        bytes.append(UInt8(ascii: ","))
    }
}
