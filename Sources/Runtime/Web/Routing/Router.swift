/// Answers one request; runs on the server's loop, and is cancelled when the client's connection goes.
package typealias Handler = @Sendable (HTTPRequest, RouteParameters) async -> HTTPResponse

/// What a route template found in a path.
package struct RouteParameters: Sendable {
    /// The template itself, `/api/v1/calls/:id`: the label of metrics and spans.
    package let template: String
    private let names: [String]
    private let values: [String]

    package init(template: String, values: [String] = []) {
        self.template = template
        self.values = values
        names = template.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
    }

    init(template: String, names: [String], values: [String]) {
        (self.template, self.names, self.values) = (template, names, values)
    }

    /// The decoded value of a parameter; empty when the template has none of that name.
    package subscript(_ name: String) -> String {
        guard let index = names.firstIndex(of: name), values.indices.contains(index) else { return "" }
        return values[index]
    }
}

/// Finds the handler of a method and a path.
///
/// Segments written out win over parameters, a trailing slash is tolerated, HEAD is served by GET. When the best
/// template of a path has no handler for the method, the answer is 405 with what it has.
package struct Router: Sendable {
    package enum Match: Sendable {
        case found(Handler, RouteParameters)
        case methodNotAllowed([HTTPMethod], template: String)
        case notFound
    }

    /// What metrics call a request that no template matches.
    package static let unmatched = "unmatched"

    /// A route with what it is for.
    package struct Description: Sendable {
        package let method: HTTPMethod
        package let template: String
        package let operation: Operation
    }

    private var root = Node()
    /// The routes of the REST interface, in the order in which they were added.
    package private(set) var operations: [Description] = []
    /// The templates of everything else.
    package private(set) var undescribed: [String] = []

    package init() {}

    /// Adds a route of the REST interface, and its description to `operations`.
    package mutating func on(
        _ method: HTTPMethod, _ template: String, _ operation: Operation, _ handler: @escaping Handler
    ) {
        operations.append(Description(method: method, template: template, operation: operation))
        insert(method, template, handler)
    }

    /// Adds a route that is no part of the REST interface: a file of a page, the transport of a socket.
    package mutating func serve(_ method: HTTPMethod, _ template: String, _ handler: @escaping Handler) {
        undescribed.append(template)
        insert(method, template, handler)
    }

    /// A second route for the same method and template replaces the first.
    private mutating func insert(_ method: HTTPMethod, _ template: String, _ handler: @escaping Handler) {
        let segments = template.split(separator: "/").map(String.init)
        let names = segments.filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
        let route = Route(handler: handler, template: template, names: names)
        root.insert(route, method, segments[...])
    }

    package func match(_ method: HTTPMethod, _ segments: [String]) -> Match {
        var values = [String]()
        guard let routes = root.find(segments[...], &values) else { return .notFound }
        let wanted = routes[method] ?? (method == .head ? routes[.get] : nil)
        if let wanted {
            let parameters = RouteParameters(template: wanted.template, names: wanted.names, values: values)
            return .found(wanted.handler, parameters)
        }
        var allowed = routes.keys.map(\.rawValue)
        if routes[.get] != nil { allowed.append("HEAD") }
        let methods = Set(allowed + ["OPTIONS"]).sorted().map { HTTPMethod($0) }
        return .methodNotAllowed(methods, template: routes.values.first?.template ?? Self.unmatched)
    }
}

private struct Route: Sendable {
    let handler: Handler
    let template: String
    let names: [String]
}

/// One segment of the tree of templates.
private struct Node: Sendable {
    private var literals: [String: Node] = [:]
    /// At most one child, boxed because a value cannot hold itself.
    private var parameter: [Node] = []
    private var routes: [HTTPMethod: Route] = [:]

    mutating func insert(_ route: Route, _ method: HTTPMethod, _ segments: ArraySlice<String>) {
        guard let segment = segments.first else {
            routes[method] = route
            return
        }
        if segment.hasPrefix(":") {
            if parameter.isEmpty { parameter = [Node()] }
            parameter[0].insert(route, method, segments.dropFirst())
        } else {
            literals[segment, default: Node()].insert(route, method, segments.dropFirst())
        }
    }

    func find(_ segments: ArraySlice<String>, _ values: inout [String]) -> [HTTPMethod: Route]? {
        guard let segment = segments.first else { return routes.isEmpty ? nil : routes }
        let rest = segments.dropFirst()
        if let found = literals[segment]?.find(rest, &values) { return found }
        guard let child = parameter.first, !segment.isEmpty else { return nil }
        values.append(segment)
        if let found = child.find(rest, &values) { return found }
        values.removeLast()
        return nil
    }
}
