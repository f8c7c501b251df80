import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin/settings`: the PBX and the ports of media, as the settings page of document 003 has them.
///
/// The PBX is the trunk that calls leave by first, and is made when there is none: whoever changes it here changes the
/// trunk. What the environment says is shown, and changed there alone.
extension API {
    func addSettings(_ admin: AdminServices, to router: inout Router) {
        guard let settings = admin.settings else { return }
        onAdmin(.get, "settings", .showSettings, &router) { _ throws(Failure) in
            .json(.ok, Self.data(await shown(settings)))
        }
        onAdmin(.put, "settings", .changeSettings, &router) { request throws(Failure) in
            try await changingPBX(admin) { () throws(Failure) in try await change(request, settings, admin) }
        }
        onAdmin(.post, "settings/check", .checkSettings, &router) { request throws(Failure) in
            let form = Form(request.body)
            var entry = await entry(settings)
            entry.apply(form)
            if entry.target.host.isEmpty { form.refuse("server", .missing) }
            try Self.finish(form)
            let pbx = roster.current.pbx
            // Passwords go to the server that they are for, and to no other.
            let isKnown = pbx?.targets.first == entry.target
            return try await report(
                isKnown ? pbx ?? Self.trial(entry.target) : Self.trial(entry.target), settings)
        }
        addEmployees(settings, admin, to: &router)
    }

    /// Examines a trunk as `tandem trunk check` does.
    func report(_ trunk: Trunk, _ settings: SettingsServices) async throws(Failure) -> HTTPResponse {
        guard let report = await settings.examine(trunk) else { throw .rateLimited(retryAfterSeconds: 5) }
        return .json(.ok, ["success": true, "data": report])
    }

    private static func trial(_ target: TrunkTarget) -> Trunk { Trunk(name: "test", targets: [target]) }

    private func entry(_ settings: SettingsServices) async -> PBXSettings {
        PBXSettings(
            target: roster.current.pbx?.targets.first ?? TrunkTarget(host: ""), rtpPorts: await settings.ports().range)
    }

    private func shown(_ settings: SettingsServices) async -> JSONObject {
        let (pbx, ports) = (roster.current.pbx, await settings.ports())
        let target = pbx?.targets.first
        var state: (isUp: Bool, detail: String)?
        if let pbx { state = await settings.state(pbx.name) }
        let startup = settings.startup.map { fact -> JSONValue in
            ["variable": .string(fact.variable), "value": .string(fact.value)]
        }
        return [
            "trunk": JSONValue(pbx?.name), "server": JSONValue(target?.host),
            "port": JSONValue(target?.port.map(Int.init)), "transport": JSONValue(target?.transport?.rawValue),
            "isConnected": .bool(state?.isUp ?? false), "detail": .string(state?.detail ?? ""),
            "rtpPortMin": JSONValue(Int(ports.range.lowerBound)), "rtpPortMax": JSONValue(Int(ports.range.upperBound)),
            "legs": JSONValue(ports.legs), "fixed": fixed(settings, pbx), "startup": .array(startup),
        ]
    }

    /// The fields that the environment decides, each with its variable.
    private func fixed(_ settings: SettingsServices, _ pbx: Trunk?) -> JSONValue {
        var fields = JSONObject()
        if pbx?.isFromEnvironment == true {
            for (field, variable) in Self.pbxVariables { fields.append(field, .string(variable)) }
        }
        if settings.portsAreFixed {
            for (field, variable) in Self.portVariables { fields.append(field, .string(variable)) }
        }
        return .object(fields)
    }

    private static let pbxVariables = [
        ("server", "SIP_SERVER"), ("port", "SIP_PORT"), ("transport", "SIP_TRANSPORT"),
    ]
    private static let portVariables = [("rtpPortMin", "RTP_PORT_MIN"), ("rtpPortMax", "RTP_PORT_MAX")]

    private func change(
        _ request: APIRequest, _ settings: SettingsServices, _ admin: AdminServices
    ) async throws(Failure) -> HTTPResponse {
        let (former, pbx) = (await entry(settings), roster.current.pbx)
        var wanted = former
        let form = Form(request.body)
        wanted.apply(form)
        let changesPBX = wanted.target != former.target
        if changesPBX, wanted.target.host.isEmpty { form.refuse("server", .missing) }
        try Self.finish(form)
        if changesPBX, pbx?.isFromEnvironment == true { throw .fixed(by: Self.pbxVariables) }
        if wanted.rtpPorts != former.rtpPorts, settings.portsAreFixed { throw .fixed(by: Self.portVariables) }
        let trunk = changesPBX ? try Self.trunk(pbx, leadingTo: wanted) : nil
        if let trunk { try Self.validate(trunk) }
        var stored = roster.current.settings
        if wanted.rtpPorts != former.rtpPorts { stored.rtpPorts = wanted.rtpPorts }
        let kept = stored
        let isStored = try await changed(admin) { () async throws(StoreError) -> Bool in
            guard let trunk else {
                try await admin.store.set(kept)
                return true
            }
            return try await admin.store.set(kept, trunk)
        }
        guard isStored else { throw .notFound }
        return .json(.ok, Self.data(await shown(settings)))
    }

    /// Changes the PBX by what the store says when those are done who change it now.
    func changingPBX(
        _ admin: AdminServices, _ body: () async throws(Failure) -> HTTPResponse
    ) async throws(Failure) -> HTTPResponse {
        try await turns.take { () async throws(Failure) -> HTTPResponse in
            await admin.reload()
            return try await body()
        }
    }

    /// Refuses a trunk that could not be read again, before it is stored.
    static func validate(_ trunk: Trunk) throws(Failure) {
        do throws(FieldProblems) {
            try trunk.validate()
        } catch {
            throw Failure(error)
        }
    }

    /// The PBX at another place; its other servers stay, and the passwords that were for this one go.
    private static func trunk(_ former: Trunk?, leadingTo wanted: PBXSettings) throws(Failure) -> Trunk {
        guard var trunk = former else {
            return Trunk(name: "pbx", targets: [wanted.target])
        }
        let host = trunk.targets.first?.host.lowercased()
        trunk.targets = [wanted.target] + trunk.targets.dropFirst()
        guard host != wanted.target.host.lowercased(), !trunk.credentials.isEmpty else { return trunk }
        guard wanted.forgetsPasswords else { throw .passwordsOfAnother(count: trunk.credentials.count) }
        trunk.credentials = []
        return trunk
    }
}

extension Failure {
    static func fixed(by variables: [(field: String, variable: String)]) -> Failure {
        Failure(
            .conflict, "INVALID_STATE", "Запись задана переменными окружения",
            details: Dictionary(uniqueKeysWithValues: variables.map { ($0.field, "задано переменной \($0.variable)") }))
    }

    /// What employees proved themselves with to one server is not for another.
    static func passwordsOfAnother(count: Int) -> Failure {
        Failure(
            .conflict, "INVALID_STATE", "Пароли сотрудников предназначены прежнему серверу",
            details: ["forgetPasswords": "true удаляет их (\(count)): для другого сервера они вводятся заново"])
    }
}
