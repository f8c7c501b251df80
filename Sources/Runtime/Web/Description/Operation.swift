package import Wire

/// What a route is for and what it takes and answers: the part of a route that is written for its clients.
package struct Operation: Sendable {
    /// Who may ask.
    package enum Access: Sendable {
        /// Anybody.
        case open
        /// Whoever has a token, or needs none by the installation's settings.
        case token
        /// Administrators with a token, whatever the settings say.
        case administrator
    }

    /// One thing of a request beside its body.
    package struct Parameter: Sendable {
        package enum Place: String, Sendable {
            case path
            case query
            case header
        }

        package var place: Place
        package var name: String
        package var schema: JSONSchema
        package var summary: String
        package var isRequired = false

        package init(_ place: Place, _ name: String, _ schema: JSONSchema, _ summary: String = "") {
            (self.place, self.name, self.schema, self.summary) = (place, name, schema, summary)
            isRequired = place == .path
        }

        package static func path(_ name: String, _ schema: JSONSchema, _ summary: String = "") -> Parameter {
            Parameter(.path, name, schema, summary)
        }

        package static func query(_ name: String, _ schema: JSONSchema, _ summary: String = "") -> Parameter {
            Parameter(.query, name, schema, summary)
        }
    }

    /// An answer that is no refusal.
    package struct Answer: Sendable {
        package var status: HTTPStatus
        package var summary: String
        /// By media type, with a nil schema for what is no JSON; empty when there is no body.
        package var content: [(type: String, schema: JSONSchema?)]

        package init(_ status: HTTPStatus, _ summary: String, _ content: [(type: String, schema: JSONSchema?)] = []) {
            (self.status, self.summary, self.content) = (status, summary, content)
        }

        package static func json(_ schema: JSONSchema) -> Answer { .json(.ok, schema) }

        package static func json(_ status: HTTPStatus, _ schema: JSONSchema) -> Answer {
            Answer(status, status.reason, [("application/json", schema)])
        }
    }

    /// One line.
    package var summary: String
    /// The families of clients that know the route; the first is its own.
    package var families: [String]
    package var access = Access.token
    package var parameters: [Parameter] = []
    /// The JSON body it takes; nil: none.
    package var body: JSONSchema?
    /// Whether it can do without the body.
    package var bodyIsOptional = false
    package var answers: [Answer]
    package var refusals: [Failure]

    package init(_ summary: String, _ families: String..., answers: Answer..., refusals: [Failure] = []) {
        (self.summary, self.families) = (summary, families)
        (self.answers, self.refusals) = (answers, refusals)
    }
}

extension Operation {
    package func taking(_ more: Parameter...) -> Operation { taking(more) }

    package func taking(_ more: [Parameter]) -> Operation {
        var copy = self
        copy.parameters += more
        return copy
    }

    package func body(_ schema: JSONSchema, isOptional: Bool = false) -> Operation {
        var copy = self
        (copy.body, copy.bodyIsOptional) = (schema, isOptional)
        return copy
    }

    package func refusing(_ more: Failure...) -> Operation { refusing(more) }

    package func refusing(_ more: [Failure]) -> Operation {
        var copy = self
        copy.refusals += more
        return copy
    }

    package func open(to access: Access) -> Operation {
        var copy = self
        copy.access = access
        return copy
    }
}
