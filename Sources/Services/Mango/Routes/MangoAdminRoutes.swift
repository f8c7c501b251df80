package import Web
import Wire

/// What administrators have brought over from the exchange: `POST /api/v1/admin/mango/calls` and `…/users`.
package struct MangoAdminRoutes: Sendable {
    private let sync: MangoSync
    /// Why a request is none of an administrator; nil: it is one.
    private let refuse: @Sendable (HTTPRequest) -> Failure?

    /// The exchange answers for a month at most.
    private static let longestPeriod: Int64 = 31 * 86_400_000

    package init(sync: MangoSync, refuse: @escaping @Sendable (HTTPRequest) -> Failure?) {
        (self.sync, self.refuse) = (sync, refuse)
    }

    package func add(to router: inout Router) {
        let (sync, refuse) = (sync, refuse)
        router.on(.post, "/api/v1/admin/mango/calls", .bringMangoCalls) { request, _ in
            if let refusal = refuse(request) { return refusal.response }
            do throws(Failure) {
                let period = try Self.period(request)
                return try await Self.answer { () async throws(MangoSync.Failure) in
                    let (found, added) = try await sync.calls(from: period.from, through: period.through)
                    return ["found": JSONValue(found), "added": JSONValue(added)]
                }
            } catch {
                return error.response
            }
        }
        router.on(.post, "/api/v1/admin/mango/users", .bringMangoUsers) { request, _ in
            if let refusal = refuse(request) { return refusal.response }
            do throws(Failure) {
                return try await Self.answer { () async throws(MangoSync.Failure) in
                    ["changed": JSONValue(try await sync.users())]
                }
            } catch {
                return error.response
            }
        }
    }

    private static func answer(
        _ body: () async throws(MangoSync.Failure) -> JSONObject
    ) async throws(Failure) -> HTTPResponse {
        do throws(MangoSync.Failure) {
            return .json(.ok, ["success": true, "data": .object(try await body())])
        } catch {
            switch error {
            case .refused(let words): throw .exchangeSilent(words)
            case .store: throw .storeAway
            }
        }
    }

    /// `from` and `to` of the body, in ISO 8601; a date is its beginning in UTC.
    private static func period(_ request: HTTPRequest) throws(Failure) -> (from: WallTime, through: WallTime) {
        let body = try? JSONValue(parsing: request.body, limits: JSONLimits(depth: 32, values: 10_000))
        guard let body else { throw .unreadable }
        func moment(_ name: String) throws(Failure) -> WallTime {
            guard let time = body[name]?.stringValue.flatMap({ WallTime(iso8601: $0) }) else {
                throw invalid(name, "ожидается дата ISO 8601")
            }
            return time
        }
        let (from, through) = (try moment("from"), try moment("to"))
        guard from < through else { throw invalid("to", "должно быть позже from") }
        guard through.milliseconds - from.milliseconds <= longestPeriod else {
            throw invalid("to", "не более 31 дня после from")
        }
        return (from, through)
    }

    private static func invalid(_ name: String, _ reason: String) -> Failure {
        Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса", details: [name: reason])
    }
}

extension Failure {
    static func exchangeSilent(_ words: String) -> Failure {
        Failure(.badGateway, "DEPENDENCY_UNAVAILABLE", "АТС Mango Office не ответила", details: ["mango": words])
    }

    static let storeAway = Failure(.serviceUnavailable, "DEPENDENCY_UNAVAILABLE", "Хранилище недоступно")
}
