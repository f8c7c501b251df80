/// JSON written as it comes, without a value for each part: for what is made at every call and seldom read.
public struct JSONText: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() { bytes.reserveCapacity(2048) }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// An object: as an element, or all there is.
    public mutating func object(_ members: (inout JSONText) -> Void) {
        separate()
        enclose("{", members, "}")
    }

    public mutating func member(_ name: StaticString, object members: (inout JSONText) -> Void) {
        begin(name)
        enclose("{", members, "}")
    }

    public mutating func member(_ name: StaticString, array elements: (inout JSONText) -> Void) {
        begin(name)
        enclose("[", elements, "]")
    }

    public mutating func element(_ value: String) {
        separate()
        JSONValue.write(value, to: &bytes)
    }

    public mutating func element(_ value: Double?) {
        separate()
        JSONValue(value).write(to: &bytes)
    }

    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        begin(name)
        value.write(to: &bytes)
    }

    public mutating func member(_ name: StaticString, _ value: String) {
        begin(name)
        JSONValue.write(value, to: &bytes)
    }

    public mutating func member(_ name: StaticString, _ value: String?) {
        if let value { member(name, value) } else { null(name) }
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        begin(name)
        bytes.append(value ? "true" : "false")
    }

    public mutating func member(_ name: StaticString, _ value: Int) {
        begin(name)
        bytes.append(decimal: Int64(value))
    }

    public mutating func member(_ name: StaticString, _ value: Double?) {
        begin(name)
        JSONValue(value).write(to: &bytes)
    }

    /// In ISO 8601.
    public mutating func member(_ name: StaticString, _ moment: WallTime?) {
        guard let moment else { return null(name) }
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(iso8601: moment)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A count; what is beyond the numbers of `JSONValue` is the largest of them.
    public mutating func member(_ name: StaticString, _ value: UInt64) { member(name, Int(clamping: value)) }

    public mutating func null(_ name: StaticString) {
        begin(name)
        bytes.append("null")
    }

    /// Names are ours, and have nothing in them to escape.
    private mutating func begin(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(ASCII.colon)
    }

    private mutating func enclose(
        _ opening: Unicode.Scalar, _ content: (inout JSONText) -> Void, _ closing: Unicode.Scalar
    ) {
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
