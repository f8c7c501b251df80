import Wire

/// The fields that a reading asks of a form.
final class FormOutline {
    var required: Set<String> = []
    /// What must be so besides, of fields that depend on each other.
    var conditions: [JSONSchema] = []
    private var fields: [(name: String, schema: JSONSchema)] = []

    /// The first word about a field counts, unless it is that the field is ignored.
    func add(_ name: String, _ schema: JSONSchema) {
        guard let index = fields.firstIndex(where: { $0.name == name }) else { return fields.append((name, schema)) }
        if fields[index].schema == .any { fields[index].schema = schema }
    }

    /// Of a field that must be there: whichever of several things it is, it is not null.
    private static func demanded(_ schema: JSONSchema) -> JSONSchema {
        guard let choices = schema.json["anyOf"]?.arrayValue else { return schema.present }
        return schema.with(
            "anyOf",
            .array(choices.map { choice in choice.objectValue.map { .object(JSONSchema($0).present.json) } ?? choice }))
    }

    var schema: JSONSchema {
        let object = JSONSchema.object(
            fields.map { ($0.name, required.contains($0.name) ? Self.demanded($0.schema) : $0.schema.optional) },
            isClosed: true)
        return conditions.isEmpty ? object : object.with("allOf", .array(conditions.map { .object($0.json) }))
    }
}
