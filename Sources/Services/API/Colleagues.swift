import CallViews
import Directory
import Web
import Wire

/// `/api/users/available`: whom a call can be handed to, as document 002 lists them.
extension API {
    func addColleagues(to router: inout Router) {
        on(.get, "/api/users/available", &router) { request throws(Failure) in try await listAvailable(request) }
    }

    /// Active people who are online; the store knows presence best, for it is also set by hand.
    private func listAvailable(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let people = try await stored { () throws(StoreError) in try await users.roster() }
        let available = people.users.values
            .filter { $0.status == .active && $0.presence == .online }
            .sorted { $0.id < $1.id }
        return .json(.ok, ["success": true, "data": .array(available.map(\.renderedAsAvailable))])
    }
}
