import Wire

/// The fields that a reading asks of a form.
final class FormOutline {
    var required: Set<String> = []
    private var fields: [(name: String, schema: JSONSchema)] = []

    /// The first word about a field counts, unless it is that the field is ignored.
    func add(_ name: String, _ schema: JSONSchema) {
        guard let index = fields.firstIndex(where: { $0.name == name }) else { return fields.append((name, schema)) }
        if fields[index].schema == .any { fields[index].schema = schema }
    }

    var schema: JSONSchema {
        .object(
            fields.map { ($0.name, required.contains($0.name) ? $0.schema.present : $0.schema.optional) },
            isClosed: true)
    }
}
