import CallModel
import CallViews
import Calls
import Telemetry
import Web
import Wire

/// How much the log says: of everything, and of one call.
extension API {
    func addLogs(_ admin: AdminServices, to router: inout Router) {
        guard let logs = admin.logs else { return }
        onAdmin(.get, "log-level", .showLogLevel, &router) { _ in Self.answer(logs.level()) }
        onAdmin(.put, "log-level", .setLogLevel, &router) { request throws(Failure) in
            guard let name = try request.text("level"), !name.isEmpty else { throw .required(["level"]) }
            guard let level = LogLevel(name: name) else {
                throw .invalid("level", "один из: \(LogLevel.allCases.map(\.name).joined(separator: ", "))")
            }
            logs.setLevel(level)
            return Self.answer(logs.level())
        }
        onAdministrators(.post, "/api/v1/calls/:id/debug", .debugCall, &router) { request throws(Failure) in
            let record = try await liveRecord(try request.callKey("id"), for: request.caller)
            let on = try request.flag("enabled") ?? true
            try await command { () throws(CallError) in try await calls.setDebug(record.key, on) }
            return .json(.ok, Self.data(["callId": .string("\(record.uuid)"), "debug": .bool(on)]))
        }
    }

    private static func answer(_ level: LogLevel) -> HTTPResponse {
        .json(.ok, data(["level": .string(level.name)]))
    }
}
