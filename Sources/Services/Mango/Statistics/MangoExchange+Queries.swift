import Reactor
import Web
import Wire

/// What the exchange is asked, and answers in its own time.
extension MangoExchange {
    /// Asked again this often, and so many times.
    private static let pollInterval = Duration.seconds(5)
    private static let maximumPolls = 60

    /// The statistics of a period, at most a month.
    func statistics(from: WallTime, through: WallTime) async throws(MangoSync.Failure) -> String {
        let order: JSONObject = [
            "date_from": .string(String(from.seconds)), "date_to": .string(String(through.seconds)),
            "fields": .string(MangoStatistics.fields.joined(separator: ",")),
        ]
        let answer = try await ask("stats/request", order)
        guard let key = (try? JSONValue(parsing: answer.body))?["key"], !key.isNull else {
            throw .refused("stats/request: \(Self.words(answer))")
        }
        for _ in 0..<Self.maximumPolls {
            let result = try await ask("stats/result", ["key": key])
            switch result.status {
            case 200: return String(decoding: result.body, as: UTF8.self)
            case 204: await services.loop.pause(Self.pollInterval)
            default: throw .refused("stats/result: \(Self.words(result))")
            }
        }
        throw .refused("stats/result: not ready in time")
    }

    func people() async throws(MangoSync.Failure) -> [MangoPerson] {
        let answer = try await ask("config/users/request", JSONObject())
        guard let users = (try? JSONValue(parsing: answer.body))?["users"]?.arrayValue else {
            throw .refused("config/users/request: \(Self.words(answer))")
        }
        return users.map { MangoPerson($0) }
    }

    private func ask(_ path: String, _ fields: JSONObject) async throws(MangoSync.Failure) -> HTTPClientResponse {
        let answer: HTTPClientResponse?
        do throws(HTTPClientError) {
            answer = try await post(path, fields, longest: 64 << 20)
        } catch {
            throw .refused("\(path): \(error)")
        }
        guard let answer else { throw .refused("\(path): too many requests wait") }
        return answer
    }

    private static func words(_ answer: HTTPClientResponse) -> String {
        let code = (try? JSONValue(parsing: answer.body))?["result"]?.integerValue
        return code.map { "result \($0)" } ?? "status \(answer.status)"
    }
}
