import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// One kind of thing that administrators keep: how it is found, read, printed, checked and stored.
struct AdminResource<Value: Sendable>: Sendable {
    /// The last part of the path: `/api/v1/admin/NAME`.
    let name: String
    let all: @Sendable (Roster) -> [Value]
    /// What a path's last part names; an id, or a name where there are names.
    let find: @Sendable (Roster, String) async throws(Failure) -> Value?
    let json: @Sendable (Value, Roster) async -> JSONObject
    let make: @Sendable (Form, Roster) -> Value
    let apply: @Sendable (inout Value, Form, Roster) -> Void
    let add: @Sendable (Value) async throws(StoreError) -> Value
    let update: @Sendable (Value) async throws(StoreError) -> Bool
    let remove: @Sendable (Value) async throws(StoreError) -> Bool
    /// Why something may not be changed or removed.
    var refusal: @Sendable (_ former: Value, _ changed: Value?, Roster) -> Failure? = { _, _, _ in nil }
    var missing = Failure.notFound
    /// What is said of the form beyond what its reading shows.
    var shape: @Sendable (JSONSchema) -> JSONSchema = { $0 }
}

extension API {
    /// Adds a route for administrators alone: without a token there is no administrator, whatever `AUTH_MODE` says.
    func onAdmin(
        _ method: HTTPMethod, _ path: String, _ operation: Operation, _ router: inout Router, _ answer: @escaping Answer
    ) {
        onAdministrators(method, "/api/v1/admin/\(path)", operation, &router, answer)
    }

    /// The same for a route that is elsewhere.
    func onAdministrators(
        _ method: HTTPMethod, _ template: String, _ operation: Operation, _ router: inout Router,
        _ answer: @escaping Answer
    ) {
        let (access, loop) = (access, loop)
        router.on(method, template, operation) { request, parameters in
            do throws(Failure) {
                let caller = try access.caller(of: request, now: loop.wallTime)
                guard case .user(_, let role) = caller else { throw .unauthorized }
                guard role == .admin else { throw .forbidden }
                let read = try APIRequest(http: request, parameters: parameters, caller: caller)
                return try await answer(read).with("Cache-Control", "no-store")
            } catch {
                return error.response
            }
        }
    }

    func add<Value>(_ resource: AdminResource<Value>, _ admin: AdminServices, to router: inout Router) {
        onAdmin(.get, resource.name, resource.list, &router) { _ throws(Failure) in await list(resource) }
        add(resource, admin, to: &router) { _ throws(Failure) in resource }
    }

    /// The routes of a kind of thing but its list; which things they are may depend on the path, and `sample` is of any.
    func add<Value>(
        _ sample: AdminResource<Value>, _ admin: AdminServices, to router: inout Router,
        _ resource: @escaping @Sendable (APIRequest) throws(Failure) -> AdminResource<Value>
    ) {
        let name = sample.name
        onAdmin(.post, name, sample.creation, &router) { request throws(Failure) in
            try await once(request, isKept: false) { request throws(Failure) in
                let chosen = try resource(request)
                return try await turns.take { () throws(Failure) in try await create(request, chosen, admin) }
            }
        }
        onAdmin(.get, "\(name)/:id", sample.show, &router) { request throws(Failure) in
            let chosen = try resource(request)
            return .json(.ok, Self.data(await chosen.json(try await found(request, chosen), roster.current)))
        }
        onAdmin(.put, "\(name)/:id", sample.change, &router) { request throws(Failure) in
            let chosen = try resource(request)
            return try await turns.take { () throws(Failure) in try await change(request, chosen, admin) }
        }
        onAdmin(.delete, "\(name)/:id", sample.removal, &router) { request throws(Failure) in
            let chosen = try resource(request)
            return try await turns.take { () throws(Failure) in try await remove(request, chosen, admin) }
        }
    }

    static func data(_ object: JSONObject) -> JSONValue { ["success": true, "data": .object(object)] }

    func found<Value>(_ request: APIRequest, _ resource: AdminResource<Value>) async throws(Failure) -> Value {
        guard let value = try await resource.find(roster.current, request.parameters["id"]) else {
            throw resource.missing
        }
        return value
    }

    /// Stores a change, with the store's refusals in the contract's words, and lets the exchange follow.
    func changed<Result>(
        _ admin: AdminServices, _ body: () async throws(StoreError) -> Result
    ) async throws(Failure) -> Result {
        let result: Result
        do throws(StoreError) {
            result = try await body()
        } catch {
            // It may have been written all the same, and no answer came.
            await admin.reload()
            guard case .conflict(let column) = error else { throw .storeUnavailable }
            throw .conflict(column: column)
        }
        await admin.reload()
        return result
    }

    func list<Value>(_ resource: AdminResource<Value>) async -> HTTPResponse {
        let roster = roster.current
        var items: [JSONValue] = []
        for value in resource.all(roster) { items.append(.object(await resource.json(value, roster))) }
        return .json(.ok, ["success": true, "data": .array(items)])
    }

    private func create<Value>(
        _ request: APIRequest, _ resource: AdminResource<Value>, _ admin: AdminServices
    ) async throws(Failure) -> HTTPResponse {
        let form = Form(request.body)
        let wanted = resource.make(form, roster.current)
        try Self.finish(form)
        let stored = try await changed(admin) { () throws(StoreError) in try await resource.add(wanted) }
        return .json(.created, Self.data(await resource.json(stored, roster.current)))
    }

    private func change<Value>(
        _ request: APIRequest, _ resource: AdminResource<Value>, _ admin: AdminServices
    ) async throws(Failure) -> HTTPResponse {
        let former = try await found(request, resource)
        var wanted = former
        let form = Form(request.body)
        resource.apply(&wanted, form, roster.current)
        try Self.finish(form)
        if let refusal = resource.refusal(former, wanted, roster.current) { throw refusal }
        let value = wanted
        guard try await changed(admin, { () throws(StoreError) in try await resource.update(value) }) else {
            throw resource.missing
        }
        return .json(.ok, Self.data(await resource.json(value, roster.current)))
    }

    private func remove<Value>(
        _ request: APIRequest, _ resource: AdminResource<Value>, _ admin: AdminServices
    ) async throws(Failure) -> HTTPResponse {
        let value = try await found(request, resource)
        if let refusal = resource.refusal(value, nil, roster.current) { throw refusal }
        guard try await changed(admin, { () throws(StoreError) in try await resource.remove(value) }) else {
            throw resource.missing
        }
        return .json(.ok, ["success": true])
    }

    static func finish(_ form: Form) throws(Failure) {
        do throws(FieldProblems) {
            try form.finish()
        } catch {
            throw Failure(error)
        }
    }

    /// A path's number.
    static func id(_ text: String) -> Int64? { ASCII.decimal(text.utf8, maximumDigits: 18).map(Int64.init) }
}
