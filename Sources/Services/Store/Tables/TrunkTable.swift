import Crypto
import Directory
import Wire

/// Reads and writes trunks; passwords are sealed under the store's key, each trunk's for that trunk alone.
struct TrunkTable {
    let key: SealingKey

    /// A row that cannot be read is handed to `damaged` by its name, and left out.
    func read(_ database: Database, damaged: (String) -> Void) throws(SQLFailure) -> [Trunk] {
        let rows = try database.query(
            "SELECT id, name, enabled, priority, settings, password_sealed FROM trunks ORDER BY priority, name"
        ) { ($0.integer(0), $0.text(1), $0.flag(2), Int($0.integer(3)), $0.text(4), $0.textIfPresent(5)) }
        return rows.compactMap { id, name, isEnabled, priority, settings, sealed in
            guard var trunk = trunk(settings, passwords: sealed.flatMap { open($0, ofTrunk: id) } ?? []) else {
                damaged(name)
                return nil
            }
            (trunk.id, trunk.name, trunk.isEnabled, trunk.priority) = (id, name, isEnabled, priority)
            return trunk
        }
    }

    /// Credentials whose password is not there to be read make the row unreadable.
    private func trunk(_ settings: String, passwords: [JSONValue]) -> Trunk? {
        guard let value = try? JSONValue(parsing: Array(settings.utf8)), var object = value.objectValue else {
            return nil
        }
        if let credentials = object["credentials"]?.arrayValue {
            guard credentials.count == passwords.count else { return nil }
            object["credentials"] = .array(
                zip(credentials, passwords).map { credential, password in
                    var members = credential.objectValue ?? JSONObject()
                    members["password"] = password
                    return .object(members)
                })
        }
        let form = Form(object)
        let trunk = Trunk(form)
        return (try? form.finish()) == nil ? nil : trunk
    }

    func insert(_ trunk: Trunk, to database: Database) throws(SQLFailure) -> Int64 {
        let id = try database.insert(
            "INSERT INTO trunks (name, enabled, priority, settings) VALUES (?, ?, ?, ?)", columns(of: trunk))
        try database.run(
            "UPDATE trunks SET password_sealed = ? WHERE id = ?", [passwords(of: trunk, id: id), .integer(id)])
        return id
    }

    func update(_ trunk: Trunk, in database: Database) throws(SQLFailure) -> Bool {
        let former = try database.query("SELECT name FROM trunks WHERE id = ?", [.integer(trunk.id)]) { $0.text(0) }
        guard let name = former.first else { return false }
        try database.run(
            """
            UPDATE trunks SET name = ?, enabled = ?, priority = ?, settings = ?, password_sealed = ?,
                updated_at = \(Schema.now)
            WHERE id = ?
            """, columns(of: trunk) + [passwords(of: trunk, id: trunk.id), .integer(trunk.id)])
        guard name != trunk.name else { return true }
        try database.run("UPDATE inbound_routes SET trunk = ? WHERE trunk = ?", [.text(trunk.name), .text(name)])
        try DestinationColumns.rename("trunk", from: name, to: trunk.name, in: database)
        return true
    }

    private func columns(of trunk: Trunk) -> [SQLValue] {
        let settings = JSONValue.object(trunk.json { _ in "***" })
        return [
            .text(trunk.name), SQLValue(trunk.isEnabled), SQLValue(trunk.priority), .text(settings.text),
        ]
    }

    private func passwords(of trunk: Trunk, id: Int64) throws(SQLFailure) -> SQLValue {
        guard !trunk.credentials.isEmpty else { return .null }
        let plain = JSONValue(trunk.credentials.map(\.password)).encoded()
        var entropy = Entropy.system
        do throws(CryptoError) {
            return .text(Base64.encode(try key.seal(plain, purpose: Self.purpose(id), using: &entropy)))
        } catch {
            throw SQLFailure(.other, message: "the passwords cannot be sealed: \(error)")
        }
    }

    private func open(_ sealed: String, ofTrunk id: Int64) -> [JSONValue]? {
        guard let bytes = Base64.decode(sealed), let plain = key.open(bytes, purpose: Self.purpose(id)) else {
            return nil
        }
        return (try? JSONValue(parsing: plain))?.arrayValue
    }

    private static func purpose(_ id: Int64) -> String { "passwords of trunk \(id)" }
}
