/// A JSON value (RFC 8259) whose objects keep the order of their members, so that what we print reads as documented.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits: ids survive, which a Double's 53 bits would break.
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public init(_ value: String?) { self = value.map(Self.string) ?? .null }
    public init(_ value: Bool?) { self = value.map(Self.bool) ?? .null }
    public init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }
    public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    public init(_ value: Double?) { self = value.map(Self.number) ?? .null }
    public init(_ values: [String]) { self = .array(values.map(Self.string)) }
}

extension JSONValue {
    public var isNull: Bool { self == .null }

    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value of an integer, or of a number written with a fraction of zero.
    public var integerValue: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }

    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    public var arrayValue: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of an object; nil when this is no object or has no such member.
    public subscript(key: String) -> JSONValue? { objectValue?[key] }

    /// The element of an array; nil when this is no array or too short.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

/// The members of a JSON object in their order.
///
/// Look-up is linear: objects of ours are small, and nobody looks up more than a few names in one from the network.
public struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    public struct Member: Hashable, Sendable {
        public let name: String
        public var value: JSONValue

        public init(_ name: String, _ value: JSONValue) { (self.name, self.value) = (name, value) }
    }

    public private(set) var members: [Member]

    public init(_ members: [Member] = []) { self.members = members }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = elements.map { Member($0.0, $0.1) }
    }

    /// Of members with one name the last counts, as in JavaScript.
    ///
    /// Setting nil removes, setting a value keeps its place.
    public subscript(name: String) -> JSONValue? {
        get { members.last { $0.name == name }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.name == name } }
            guard let index = members.lastIndex(where: { $0.name == name }) else { return append(name, newValue) }
            members[index].value = newValue
        }
    }

    /// Makes room for so many members.
    public mutating func reserveCapacity(_ count: Int) { members.reserveCapacity(count) }

    /// Adds a member without looking whether there is one of that name.
    public mutating func append(_ name: String, _ value: JSONValue) { members.append(Member(name, value)) }

    /// Adds a member unless its value is unknown.
    public mutating func appendIfPresent(_ name: String, _ value: JSONValue) {
        if !value.isNull { append(name, value) }
    }

    /// Adds the members of `other` whose names are not taken.
    public mutating func fill(from other: JSONObject) {
        var taken = JSONNames(capacity: members.count)
        for member in members { taken.insert(member.name) }
        members.reserveCapacity(members.count + other.members.count)
        for member in other.members where !taken.contains(member.name) { members.append(member) }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
    }
}
