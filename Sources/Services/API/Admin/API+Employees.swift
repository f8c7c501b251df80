import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin/settings/employees`: by which login and password each employee is known to the PBX.
///
/// They are credentials of the PBX's trunk, tied to the user by the extension; passwords are never shown.
extension API {
    func addEmployees(_ settings: SettingsServices, _ admin: AdminServices, to router: inout Router) {
        onAdmin(.get, "settings/employees", .listEmployees, &router) { _ throws(Failure) in
            let (roster, standings) = (roster.current, await standings(settings))
            let people = roster.users.values.filter { $0.status == .active }.sorted { $0.id < $1.id }
            let items = people.map { JSONValue.object(Self.employee($0, roster, standings)) }
            return .json(.ok, ["success": true, "data": .array(items)])
        }
        onAdmin(.put, "settings/employees/:userId", .changeEmployee, &router) { request throws(Failure) in
            try await changingPBX(admin) { () throws(Failure) in
                try await changeEmployee(request, settings, admin)
            }
        }
        onAdmin(.delete, "settings/employees/:userId", .removeEmployee, &router) { request throws(Failure) in
            try await changingPBX(admin) { () throws(Failure) in try await removeEmployee(request, admin) }
        }
    }

    private func removeEmployee(_ request: APIRequest, _ admin: AdminServices) async throws(Failure) -> HTTPResponse {
        let (user, former) = (try user(request), try ownPBX())
        var trunk = former
        let number = roster.current.extension(ofUser: user.id)
        trunk.credentials.removeAll { $0.extension != nil && $0.extension == number }
        guard trunk != former else { throw .notFound }
        let kept = trunk
        guard try await changed(admin, { () throws(StoreError) in try await admin.store.update(kept) }) else {
            throw .notFound
        }
        return .json(.ok, ["success": true])
    }

    private func standings(_ settings: SettingsServices) async -> [String: SettingsServices.Standing] {
        guard let pbx = roster.current.pbx else { return [:] }
        return await settings.accounts(pbx.name)
    }

    private static func employee(
        _ user: User, _ roster: Roster, _ standings: [String: SettingsServices.Standing]
    ) -> JSONObject {
        let number = roster.extension(ofUser: user.id)
        let account = number.flatMap { number in roster.pbx?.credentials.first { $0.extension == number } }
        let standing = account.flatMap { standings[$0.username] }
        return [
            "userId": .integer(user.id), "name": .string(user.displayName), "extension": JSONValue(number),
            "username": JSONValue(account?.username), "password": account == nil ? .null : "***",
            "isRegistered": JSONValue(standing?.isRegistered), "failure": JSONValue(standing?.failure),
        ]
    }

    private func changeEmployee(
        _ request: APIRequest, _ settings: SettingsServices, _ admin: AdminServices
    ) async throws(Failure) -> HTTPResponse {
        let (roster, form) = (roster.current, Form(request.body))
        let (former, pbx) = (try user(request), try ownPBX())
        var (user, trunk) = (former, pbx)
        let number = roster.extension(ofUser: user.id)
        var entry = EmployeeEntry(trunk.credentials.first { $0.extension != nil && $0.extension == number })
        entry.extension = number ?? ""
        entry.apply(form)
        if entry.extension != number { user.extension = entry.extension }
        form.check(user, in: roster)
        if entry.extension != number,
            roster.users.keys.contains(where: { id in
                id != former.id && roster.extension(ofUser: id) == entry.extension
            })
        {
            form.refuse("extension", .taken)
        }
        // What somebody left behind who is gone or has another extension is nobody's.
        trunk.credentials.removeAll { $0.extension != nil && [number, entry.extension].contains($0.extension) }
        if trunk.credentials.contains(where: { $0.username == entry.username }) { form.refuse("username", .taken) }
        if trunk.credentials.count >= Trunk.maximumCredentials {
            form.refuse("username", .tooMany(maximum: Trunk.maximumCredentials))
        }
        try Self.finish(form)
        trunk.credentials.append(entry.credentials(named: user.displayName))
        try Self.validate(trunk)
        let (changedUser, changedTrunk) = (user, trunk)
        let isStored = try await changed(admin) { () async throws(StoreError) -> Bool in
            if changedUser == former { return try await admin.store.update(changedTrunk) }
            return try await admin.store.update(changedUser, changedTrunk)
        }
        guard isStored else { throw .notFound }
        return .json(.ok, Self.data(Self.employee(changedUser, self.roster.current, await standings(settings))))
    }

    private func user(_ request: APIRequest) throws(Failure) -> User {
        guard let user = Self.id(request.parameters["userId"]).flatMap({ roster.current.users[$0] }) else {
            throw .userNotFound
        }
        return user
    }

    /// The PBX, when it is ours to change.
    private func ownPBX() throws(Failure) -> Trunk {
        guard let pbx = roster.current.pbx else { throw .withoutPBX }
        guard !pbx.isFromEnvironment else { throw .fromEnvironment }
        return pbx
    }
}

extension Failure {
    static let withoutPBX = Failure(
        .conflict, "INVALID_STATE", "АТС не настроена", details: ["server": "сначала укажите адрес сервера АТС"])
}
