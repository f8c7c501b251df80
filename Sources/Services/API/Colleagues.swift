import CallViews
import Directory
import Web
import Wire

/// `/api/users` and `/api/companies` of document 002: whom a call can be handed to, where people are reached, who calls.
extension API {
    func addColleagues(to router: inout Router) {
        on(.get, "/api/users/available", .availableUsers, &router) { request throws(Failure) in
            try await listAvailable(request)
        }
        on(.get, "/api/users/:id/phones", .phonesOfUser, &router) { request throws(Failure) in
            try await listPhones(request)
        }
        on(.get, "/api/companies/by-phone/:phone", .companyByPhone, &router) { request throws(Failure) in
            let number = try request.number(inPath: "phone")
            let company = try await stored { () throws(StoreError) in try await users.company(phone: number) }
            guard let company else { throw .companyNotFound }
            return .json(.ok, ["success": true, "data": company.rendered])
        }
    }

    /// Active people who are online; the store knows presence best, for it is also set by hand.
    private func listAvailable(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let people = try await stored { () throws(StoreError) in try await users.roster() }
        let available = people.users.values
            .filter { $0.status == .active && $0.presence == .online }
            .sorted { $0.id < $1.id }
        return .json(.ok, ["success": true, "data": .array(available.map(\.renderedAsAvailable))])
    }

    private func listPhones(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        guard let id = Self.id(request.parameters["id"]) else { throw .invalid("id", "ожидается число") }
        let user = try await stored { () throws(StoreError) in try await users.user(id: id) }
        guard user != nil else { throw .userNotFound }
        let phones = try await stored { () throws(StoreError) in try await users.phones(ofUser: id) }
        return .json(.ok, ["success": true, "data": .array(phones.map(\.rendered))])
    }
}
