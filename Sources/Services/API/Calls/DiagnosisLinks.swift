import CallModel
import CallViews
import Calls
import Reactor
import Web
import Wire

/// Links to the diagnosis of one call, for browsers: a page has its token in script alone, where no link can show it.
///
/// `POST /api/v1/calls/:id/diagnosis/link` answers an address that is good for that page and for a few minutes, and needs
/// no other token.
extension API {
    /// How long such a link can be opened.
    private static let linkLifetime = Duration.seconds(300)

    func addDiagnosisLinks(to router: inout Router) {
        on(.post, "/api/v1/calls/:id/diagnosis/link", .linkToDiagnosis, &router) { request throws(Failure) in
            let record = try await record(try request.callKey("id"), for: request.caller)
            let expires = loop.wallTime + Self.linkLifetime
            let ticket = access.ticket(for: Self.page(of: record.uuid), until: expires)
            return .json(
                .ok,
                Self.data([
                    "url": .string("\(Self.page(of: record.uuid))?format=html&ticket=\(ticket)"),
                    "expiresAt": .string(expires.iso8601()),
                ])
            ).with("Cache-Control", "no-store")
        }
    }

    /// Whether a request comes by a link for the call it asks for, and is yet in time; such a caller may see that call.
    func comesByLink(_ request: HTTPRequest, _ parameters: RouteParameters) -> Bool {
        guard request.bearerToken == nil, let uuid = UUID(parameters["id"]),
            let ticket = request.query.items.first(where: { $0.name == "ticket" })?.value
        else { return false }
        return access.admits(ticket, to: Self.page(of: uuid), now: loop.wallTime)
    }

    private static func page(of call: UUID) -> String { "/api/v1/calls/\(call)/diagnosis" }
}
