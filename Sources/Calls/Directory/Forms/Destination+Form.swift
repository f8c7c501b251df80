package import Wire

extension Destination: CustomStringConvertible {
    /// As people write it: `user:3`, `extension:1001`, `queue:sales`, `trunk:carrier`, `trunk:carrier/+74951234567`.
    package init(_ text: String) throws(FieldProblem) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw .malformed(.destination) }
        let path = parts[1].split(separator: "/", maxSplits: 1).map(String.init)
        var object: JSONObject = [parts[0]: .string(path.first ?? "")]
        if path.count == 2 { object.append("number", .string(path[1])) }
        if parts[0] == "user", let id = ASCII.decimal(parts[1].utf8, maximumDigits: 18) {
            object["user"] = .integer(Int64(id))
        }
        let form = Form(object)
        let read = Self.read(form)
        guard let read, (try? form.finish()) != nil else { throw .malformed(.destination) }
        self = read
    }

    package var description: String {
        switch self {
        case .user(let id): "user:\(id)"
        case .extension(let number): "extension:\(number)"
        case .queue(let name): "queue:\(name)"
        case .trunk(let name, let number): "trunk:\(name)" + (number.map { "/\($0)" } ?? "")
        }
    }

    package var json: JSONValue {
        switch self {
        case .user(let id): ["user": .integer(id)]
        case .extension(let number): ["extension": .string(number)]
        case .queue(let name): ["queue": .string(name)]
        case .trunk(let name, let number): ["trunk": .string(name), "number": JSONValue(number)]
        }
    }

    /// Exactly one of `user`, `extension`, `queue` and `trunk`, the last with a `number` if another is to be dialled.
    static func read(_ form: Form) -> Destination? {
        let kinds = ["user", "extension", "queue", "trunk"].filter { form.object[$0] != nil }
        guard kinds.count == 1, let kind = kinds.first else {
            form.refuse("destination", .malformed(.destination))
            return nil
        }
        var text = ""
        switch kind {
        case "user":
            var id = 0
            form.read(kind, into: &id, in: 1...Int.max)
            return .user(Int64(id))
        case "trunk":
            var number: String?
            form.read(kind, into: &text, .name)
            form.read("number", into: &number, .number)
            return .trunk(text, number: number)
        case "queue":
            form.read(kind, into: &text, .name)
            return .queue(text)
        default:
            form.read(kind, into: &text, .extension)
            return .extension(text)
        }
    }
}

extension Destination {
    fileprivate static let schema: JSONSchema = {
        let kinds: [[(String, JSONSchema)]] = [
            [("user", .integer(1...Int.max))], [("extension", TextRule.extension.schema)],
            [("queue", TextRule.name.schema)],
            [("trunk", TextRule.name.schema), ("number", TextRule.number.optionalSchema.optional)],
        ]
        return .named("Destination", .any(of: kinds.map { .object($0, isClosed: true) }))
    }()
}

extension Form {
    package func read(_ name: String, into destination: inout Destination) {
        guard let value = value(name, Destination.schema) else { return }
        if let read = self.destination(value, name) { destination = read }
    }

    package func read(_ name: String, into destination: inout Destination?) {
        guard let value = value(name, Destination.schema.orNull) else { return }
        if value.isNull {
            destination = nil
        } else if let read = self.destination(value, name) {
            destination = read
        }
    }

    private func destination(_ value: JSONValue, _ name: String) -> Destination? {
        var destination: Destination?
        within(value, name) { destination = Destination.read($0) }
        return destination
    }
}

extension InboundRoute {
    package mutating func apply(_ form: Form) {
        form.ignore("id")
        form.read("trunk", into: &trunk, .name)
        form.read("number", into: &number)
        form.read("destination", into: &destination)
    }

    /// A route that is made: number and destination are required.
    package init(_ form: Form) {
        self.init(number: .any, destination: .extension(""))
        form.require("number", "destination")
        apply(form)
    }

    package var json: JSONValue {
        [
            "id": .integer(id), "trunk": JSONValue(trunk), "number": .string("\(number)"),
            "destination": destination.json,
        ]
    }
}
