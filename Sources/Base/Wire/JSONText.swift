/// JSON written as it comes, without a value for each part: for what is made at every call and seldom read.
public struct JSONText: ~Copyable {
    private var output = OctetWriter(capacity: 2048)
    /// Whether something stands before what comes next, so that a comma parts them.
    private var isContinued = false

    public init() {}

    public var bytes: [UInt8] { output.bytes }
    public var text: String { output.text }

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
        JSONValue.write(value, into: &output)
    }

    public mutating func element(_ value: Double?) {
        separate()
        JSONValue(value).write(into: &output)
    }

    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        begin(name)
        value.write(into: &output)
    }

    public mutating func member(_ name: StaticString, _ value: String) {
        begin(name)
        JSONValue.write(value, into: &output)
    }

    public mutating func member(_ name: StaticString, _ value: String?) {
        if let value { member(name, value) } else { null(name) }
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        begin(name)
        output.append(value ? "true" : "false" as StaticString)
    }

    public mutating func member(_ name: StaticString, _ value: Int) {
        begin(name)
        output.append(decimal: Int64(value))
    }

    public mutating func member(_ name: StaticString, _ value: Double?) {
        begin(name)
        JSONValue(value).write(into: &output)
    }

    /// In ISO 8601.
    public mutating func member(_ name: StaticString, _ moment: WallTime?) {
        guard let moment else { return null(name) }
        begin(name)
        output.append(UInt8(ascii: "\""))
        output.write(moment)
        output.append(UInt8(ascii: "\""))
    }

    /// A count; what is beyond the numbers of `JSONValue` is the largest of them.
    public mutating func member(_ name: StaticString, _ value: UInt64) { member(name, Int(clamping: value)) }

    public mutating func null(_ name: StaticString) {
        begin(name)
        output.append("null" as StaticString)
    }

    /// Names are ours, and have nothing in them to escape.
    private mutating func begin(_ name: StaticString) {
        separate()
        output.append(UInt8(ascii: "\""))
        output.append(name)
        output.append(UInt8(ascii: "\""))
        output.append(ASCII.colon)
    }

    private mutating func enclose(
        _ opening: Unicode.Scalar, _ content: (inout JSONText) -> Void, _ closing: Unicode.Scalar
    ) {
        output.append(UInt8(ascii: opening))
        isContinued = false
        content(&self)
        output.append(UInt8(ascii: closing))
        isContinued = true
    }

    /// A comma, unless what is enclosed has just begun.
    private mutating func separate() {
        if isContinued { output.append(UInt8(ascii: ",")) }
        isContinued = true
    }
}
