package import Wire

/// The description of the routes that serve, for programs (OpenAPI 3.1).
package enum OpenAPI {
    /// Where the description is served.
    package static let path = "/openapi.json"

    /// Serves the description of everything the router has so far.
    package static func add(
        to router: inout Router, title: String, version: String, families: [(name: String, summary: String)]
    ) {
        let document = document(of: router, title: title, version: version, families: families)
        StaticFiles([StaticFiles.File(path: path, bytes: document.encoded())]).add(to: &router)
    }

    /// The description of everything a router has so far.
    package static func document(
        of router: Router, title: String, version: String, families: [(name: String, summary: String)]
    ) -> JSONValue {
        var paths = JSONObject()
        var schemas = [errorName: errorSchema.json]
        for route in router.operations {
            let template = route.template.split(separator: "/").map { segment in
                segment.hasPrefix(":") ? "{\(segment.dropFirst())}" : String(segment)
            }
            let path = "/" + template.joined(separator: "/")
            var methods = paths[path]?.objectValue ?? JSONObject()
            methods.append(route.method.rawValue.lowercased(), route.operation.json(of: route))
            paths[path] = .object(methods)
            for schema in route.operation.schemas { schemas.merge(schema.named) { first, _ in first } }
        }
        let named = schemas.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .object($0.value)) }
        return [
            "openapi": "3.1.0", "info": ["title": .string(title), "version": .string(version)],
            "servers": [["url": "/"]],
            "tags": .array(families.map { ["name": .string($0.name), "description": .string($0.summary)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(JSONObject(named)),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"]],
            ],
        ]
    }

    fileprivate static let errorName = "Error"
    /// The uniform error body (contract §0.7).
    fileprivate static let errorSchema = JSONSchema.object([
        "success": .constant(false),
        "error": .object(["code": .text, "message": .text, "details": JSONSchema(["type": "object"])]),
        "message": .text, "statusCode": .integer(400...599),
    ])
}

extension Operation {
    fileprivate var schemas: [JSONSchema] {
        parameters.map(\.schema) + [body].compactMap(\.self) + answers.flatMap { $0.content.compactMap(\.schema) }
    }

    fileprivate func json(of route: Router.Description) -> JSONValue {
        let words = route.template.split(separator: "/").map { $0.hasPrefix(":") ? "by-\($0.dropFirst())" : String($0) }
        var json: JSONObject = [
            "operationId": .string(([route.method.rawValue.lowercased()] + words).joined(separator: "-")),
            "summary": .string(summary), "tags": JSONValue(families),
        ]
        if !parameters.isEmpty { json.append("parameters", .array(parameters.map(\.json))) }
        if let body {
            json.append(
                "requestBody",
                [
                    "required": .bool(!bodyIsOptional),
                    "content": ["application/json": ["schema": .object(body.json)]],
                ])
        }
        json.append("responses", .object(responses))
        json.append("security", access == .open ? [] : [["token": []]])
        return .object(json)
    }

    private var responses: JSONObject {
        var responses = JSONObject()
        for answer in answers { responses[String(answer.status.code)] = answer.json }
        let byStatus = Dictionary(grouping: refusals + implied) { $0.status.code }
        for (code, failures) in byStatus.sorted(by: { $0.key < $1.key }) {
            let codes = Set(failures.map(\.code)).sorted()
            let own = answers.first { $0.status.code == code }?.content.compactMap(\.schema) ?? []
            responses[String(code)] = Self.refusal(codes, or: own)
        }
        return responses
    }

    /// What any request of this kind may be refused for.
    private var implied: [Failure] {
        var failures: [Failure] = [.internalError, .overloaded, .rateLimited(retryAfterSeconds: 1)]
        if body != nil || !parameters.isEmpty { failures.append(.malformedRequest) }
        if body != nil { failures += Self.bodyRefusals }
        if access != .open { failures += Self.accessRefusals }
        return failures
    }

    private static let bodyRefusals = [
        Failure.payloadTooLarge, Failure(.badRequest, "INVALID_JSON", ""),
        Failure(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", ""),
    ]

    private static let accessRefusals = [
        Failure(.unauthorized, "UNAUTHORIZED", ""), Failure(.unauthorized, "TOKEN_EXPIRED", ""),
        Failure(.forbidden, "FORBIDDEN", ""),
    ]

    /// An answer that is the uniform error body with one of these codes, or what `others` say.
    private static func refusal(_ codes: [String], or others: [JSONSchema]) -> JSONValue {
        let error = JSONSchema.object(["error": .object(["code": .words(codes)])])
        let reference = JSONSchema(["$ref": .string("#/components/schemas/\(OpenAPI.errorName)")])
        let refusal = JSONSchema.all(of: [reference, error])
        let schema = others.isEmpty ? refusal : JSONSchema.any(of: others + [refusal])
        return [
            "description": .string(codes.joined(separator: ", ")),
            "content": ["application/json": ["schema": .object(schema.json)]],
        ]
    }
}

extension Operation.Parameter {
    fileprivate var json: JSONValue {
        var json: JSONObject = ["in": .string(place.rawValue), "name": .string(name)]
        if !summary.isEmpty { json.append("description", .string(summary)) }
        if isRequired { json.append("required", true) }
        // An empty item of a query counts as absent.
        let given = place == .query ? JSONSchema.any(of: [schema, .constant("")]) : schema
        json.append("schema", .object(given.json))
        return .object(json)
    }
}

extension Operation.Answer {
    fileprivate var json: JSONValue {
        var json: JSONObject = ["description": .string(summary)]
        guard !content.isEmpty else { return .object(json) }
        let types = content.map { type, schema in
            JSONObject.Member(type, schema.map { ["schema": .object($0.json)] } ?? [:])
        }
        json.append("content", .object(JSONObject(types)))
        return .object(json)
    }
}
