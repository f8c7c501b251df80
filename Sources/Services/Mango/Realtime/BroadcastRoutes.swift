import Crypto
import Telemetry
package import Web
package import Wire

/// Takes the broadcasts that document 000's services send to their realtime service, in its stead (contract §3.6).
///
/// They are told on sockets and nowhere else.
package struct BroadcastRoutes: Sendable {
    /// Sends an event to the sockets in some rooms.
    package typealias Emit = @Sendable (_ event: String, _ call: JSONObject, _ rooms: [String]) -> Void

    private let token: String?
    private let metrics: MangoMetrics
    private let emit: Emit

    /// `token`: `WEBHOOK_TOKEN`; nil: nobody has it.
    package init(token: String?, metrics: MangoMetrics, emit: @escaping Emit) {
        (self.token, self.metrics, self.emit) = (token, metrics, emit)
    }

    private static let events = [
        ("call-new", "call:new"), ("call-updated", "call:updated"), ("call-ended", "call:ended"),
    ]
    private static let longestBody = 256 << 10
    private static let maximumRooms = 32

    package func add(to router: inout Router) {
        for (word, event) in Self.events {
            router.on(.post, "/api/v1/broadcast/\(word)", .broadcast) { request, _ in
                do throws(Failure) {
                    try take(request, event)
                    metrics.broadcasts.with(word, "received").increment()
                    return .json(.ok, ["success": true, "message": "Broadcast sent"])
                } catch {
                    metrics.broadcasts.with(word, "refused").increment()
                    return error.response
                }
            }
        }
    }

    private func take(_ request: HTTPRequest, _ event: String) throws(Failure) {
        guard request.body.count <= Self.longestBody else { throw .payloadTooLarge }
        guard let value = try? JSONValue(parsing: request.body, limits: JSONLimits(depth: 16, values: 2000)),
            let object = value.objectValue
        else { throw .unreadable }
        let given = object["token"]?.stringValue ?? ""
        guard let token, equalInConstantTime(Array(given.utf8), Array(token.utf8)) else {
            throw .foreignService
        }
        guard let call = object["call"]?.objectValue else { throw .fieldsMissing(["call"]) }
        let rooms = object["rooms"]?.arrayValue?.compactMap(\.stringValue) ?? ["operators"]
        emit(event, call, Array(rooms.prefix(Self.maximumRooms)))
    }
}

extension Failure {
    static let foreignService = Failure(.unauthorized, "UNAUTHORIZED", "Не авторизован")
}
