import CallViews
import Calls
package import Directory
import Web
import Wire

/// The way to the PBX behind us, as the settings page of document 003 sees and tries it.
package struct PBXServices: Sendable {
    /// The trunk that calls leave by first, and whether it is up.
    package struct Connection: Sendable {
        package let trunk: Trunk?
        package let isConnected: Bool
        package let registeredUsers: Int

        package init(trunk: Trunk?, isConnected: Bool, registeredUsers: Int) {
            (self.trunk, self.isConnected, self.registeredUsers) = (trunk, isConnected, registeredUsers)
        }
    }

    /// What became of an attempt to reach a server; `message` says it for people.
    package struct Trial: Sendable {
        package let isConnected: Bool
        package let message: String

        package init(isConnected: Bool, message: String) { (self.isConnected, self.message) = (isConnected, message) }
    }

    package let connection: @Sendable () async -> Connection
    /// Nil while another attempt is under way.
    package let attempt: @Sendable (TrunkTarget) async -> Trial?

    package init(
        connection: @escaping @Sendable () async -> Connection,
        attempt: @escaping @Sendable (TrunkTarget) async -> Trial?
    ) {
        (self.connection, self.attempt) = (connection, attempt)
    }
}

/// `/api/pbx` and `/api/extensions`, which document 003's settings page asks for.
extension API {
    func addPBXConnection(to router: inout Router) {
        on(.get, "/api/extensions", .extensions, &router) { _ throws(Failure) in
            let accounts = roster.current.accounts.filter(\.isEnabled).sorted { $0.extension < $1.extension }
            let list = accounts.map { account -> JSONValue in
                [
                    "extension": .string(account.extension), "username": .string(account.username),
                    "displayName": .string(account.displayName),
                ]
            }
            return .json(.ok, ["success": true, "extensions": .array(list)])
        }
        guard let pbx else { return }
        on(.get, "/api/pbx/connection", .pbxConnection, &router) { _ throws(Failure) in
            Self.answer(await pbx.connection())
        }
        on(.post, "/api/pbx/test-connection", .testConnection, &router) { request throws(Failure) in
            // It makes us send to any host and port: for those alone who may configure trunks.
            guard request.caller.seesAllCalls else { throw .forbidden }
            let target = try Self.target(request)
            guard let trial = await pbx.attempt(target) else { throw .rateLimited(retryAfterSeconds: 5) }
            return .json(
                .ok,
                [
                    "success": .bool(trial.isConnected), "connected": .bool(trial.isConnected),
                    "connectionType": JSONValue(target.transport?.word), "message": .string(trial.message),
                ])
        }
    }

    private static func answer(_ connection: PBXServices.Connection) -> HTTPResponse {
        let target = connection.trunk?.targets.first
        let message: JSONValue =
            target == nil ? "PBX не настроена" : connection.isConnected ? "Подключено" : "Нет подключения"
        return .json(
            .ok,
            [
                "success": true, "connected": .bool(connection.isConnected),
                "connectionType": JSONValue(target.map { $0.transport?.word ?? "UDP" }),
                "server": JSONValue(target?.host), "port": JSONValue(target?.port.map { Int($0) }),
                "transport": JSONValue(target?.transport?.word),
                "registeredUsers": JSONValue(connection.registeredUsers), "message": message,
            ])
    }

    private static func target(_ request: APIRequest) throws(Failure) -> TrunkTarget {
        try request.require("server")
        let server = try request.text("server", maximumLength: 253) ?? ""
        guard TextRule.host.accepts(server) else { throw .invalid("server", "ожидается имя или адрес сервера") }
        let port = try request.count("port") ?? 5060
        guard let port = UInt16(exactly: port), port > 0 else { throw .invalid("port", "от 1 до 65535") }
        let word = try request.text("transport") ?? "UDP"
        guard let transport = SignallingTransport(rawValue: word.lowercased()) else {
            throw .invalid("transport", "UDP, TCP или TLS")
        }
        return TrunkTarget(host: server, port: port, transport: transport)
    }
}

extension SignallingTransport {
    /// As document 003 writes it.
    fileprivate var word: String { rawValue.uppercased() }
}
