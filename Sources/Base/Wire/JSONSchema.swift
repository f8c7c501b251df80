/// What a JSON value may be, in the words of JSON Schema 2020-12, which OpenAPI 3.1 speaks.
///
/// A schema knows the named schemas it refers to, so that whoever prints one can print them all. Lengths are counted in
/// code points.
public struct JSONSchema: Hashable, Sendable {
    public private(set) var json: JSONObject
    /// The named schemas this one refers to, themselves and indirectly.
    public private(set) var named: [String: JSONObject]
    /// Whether an object may do without it, as a member.
    public private(set) var isOptional = false

    public init(_ json: JSONObject, named: [String: JSONObject] = [:]) { (self.json, self.named) = (json, named) }

    private init(_ json: JSONObject, of parts: [JSONSchema]) {
        self.init(json)
        for part in parts { named.merge(part.named) { first, _ in first } }
    }
}

// MARK: - Single values

extension JSONSchema {
    /// Anything.
    public static let any = JSONSchema([:])
    public static let text = JSONSchema(["type": "string"])
    public static let flag = JSONSchema(["type": "boolean"])
    public static let number = JSONSchema(["type": "number"])
    public static let integer = JSONSchema(["type": "integer"])
    public static let uuid = JSONSchema(["type": "string", "format": "uuid"])
    /// A moment (RFC 3339).
    public static let moment = JSONSchema(["type": "string", "format": "date-time"])

    public static func text(
        atLeast minimum: Int = 0, atMost maximum: Int, pattern: String? = nil, format: String? = nil
    ) -> JSONSchema {
        var json: JSONObject = ["type": "string"]
        if minimum > 0 { json.append("minLength", JSONValue(minimum)) }
        json.append("maxLength", JSONValue(maximum))
        json.appendIfPresent("pattern", JSONValue(pattern))
        json.appendIfPresent("format", JSONValue(format))
        return JSONSchema(json)
    }

    public static func text(pattern: String) -> JSONSchema {
        JSONSchema(["type": "string", "pattern": .string(pattern)])
    }

    public static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        JSONSchema([
            "type": "integer", "minimum": JSONValue(range.lowerBound), "maximum": JSONValue(range.upperBound),
        ])
    }

    public static func integer(atLeast minimum: Int) -> JSONSchema {
        JSONSchema(["type": "integer", "minimum": JSONValue(minimum)])
    }

    public static func number(_ range: ClosedRange<Double>) -> JSONSchema {
        JSONSchema(["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
    }

    /// One of some words.
    public static func words(_ words: [String]) -> JSONSchema {
        JSONSchema(["type": "string", "enum": JSONValue(words)])
    }

    public static func words<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> JSONSchema {
        words(Word.allCases.map(\.rawValue))
    }

    /// This value and no other.
    public static func constant(_ value: JSONValue) -> JSONSchema { JSONSchema(["const": value]) }
}

// MARK: - Values made of others

extension JSONSchema {
    public static func list(of element: JSONSchema, atLeast minimum: Int = 0, atMost maximum: Int? = nil) -> JSONSchema
    {
        var json: JSONObject = ["type": "array", "items": .object(element.json)]
        if minimum > 0 { json.append("minItems", JSONValue(minimum)) }
        json.appendIfPresent("maxItems", JSONValue(maximum))
        return JSONSchema(json, of: [element])
    }

    /// An object with these members: all of them, but for those that are `optional`; and no others if it `isClosed`.
    public static func object(
        _ members: KeyValuePairs<String, JSONSchema>, isClosed: Bool = false
    ) -> JSONSchema { object(members.map { ($0.key, $0.value) }, isClosed: isClosed) }

    public static func object(_ members: [(String, JSONSchema)], isClosed: Bool = false) -> JSONSchema {
        var properties = JSONObject()
        for (name, schema) in members { properties[name] = .object(schema.json) }
        var json: JSONObject = ["type": "object", "properties": .object(properties)]
        let required = members.filter { !$0.1.isOptional }.map(\.0)
        if !required.isEmpty { json.append("required", JSONValue(required)) }
        if isClosed { json.append("additionalProperties", false) }
        return JSONSchema(json, of: members.map(\.1))
    }

    public static func any(of schemas: [JSONSchema]) -> JSONSchema { combined("anyOf", schemas) }
    public static func all(of schemas: [JSONSchema]) -> JSONSchema { combined("allOf", schemas) }

    private static func combined(_ word: String, _ schemas: [JSONSchema]) -> JSONSchema {
        JSONSchema([word: .array(schemas.map { .object($0.json) })], of: schemas)
    }

    /// A reference to a schema under a name; equal names must mean equal schemas.
    public static func named(_ name: String, _ schema: JSONSchema) -> JSONSchema {
        var reference = JSONSchema(["$ref": .string("#/components/schemas/\(name)")], of: [schema])
        reference.named[name] = schema.json
        return reference
    }

    /// The same, or null.
    public var orNull: JSONSchema {
        guard let type = json["type"], case .string = type else {
            return .any(of: [self, JSONSchema(["type": "null"])])
        }
        var copy = self
        copy.json["type"] = [type, "null"]
        if let words = json["enum"]?.arrayValue { copy.json["enum"] = .array(words + [.null]) }
        return copy
    }

    /// The same, but neither null nor an empty text.
    public var present: JSONSchema {
        guard let type = json["type"] == ["string", "null"] ? "string" : json["type"] else { return self }
        let some = with("type", type)
        return type == "string" && json["minLength"] == nil && json["enum"] == nil ? some.with("minLength", 1) : some
    }

    /// The same, for a member that may be absent.
    public var optional: JSONSchema {
        var copy = self
        copy.isOptional = true
        return copy
    }

    /// The same with a word about it.
    public func described(_ text: String) -> JSONSchema { with("description", .string(text)) }

    public func with(_ name: String, _ value: JSONValue) -> JSONSchema {
        var copy = self
        copy.json[name] = value
        return copy
    }
}
