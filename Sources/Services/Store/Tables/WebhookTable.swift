import Crypto
import Directory
import Wire

/// Reads and writes webhooks; their secrets are sealed under the store's key, each for its webhook alone.
struct WebhookTable {
    let key: SealingKey

    /// One whose secret cannot be read is handed to `damaged` by its name, and left out.
    func read(_ database: Database, damaged: (String) -> Void) throws(SQLFailure) -> [Webhook] {
        let rows = try database.query(
            "SELECT id, name, url, events, active, secret_sealed FROM webhooks ORDER BY name"
        ) { row in
            var webhook = Webhook(id: row.integer(0), name: row.text(1))
            (webhook.url, webhook.isActive) = (row.text(2), row.flag(4))
            let names = (try? JSONValue(parsing: row.text(3)))?.arrayValue?.compactMap(\.stringValue) ?? []
            webhook.events = Set(names.compactMap(HookEvent.init(rawValue:)))
            return (webhook, row.text(5))
        }
        return rows.compactMap { webhook, sealed in
            var webhook = webhook
            guard let bytes = Base64.decode(sealed), let plain = key.open(bytes, purpose: Self.purpose(webhook.id))
            else {
                damaged(webhook.name)
                return nil
            }
            webhook.secret = String(decoding: plain, as: UTF8.self)
            return webhook
        }
    }

    func insert(_ webhook: Webhook, to database: Database) throws(SQLFailure) -> Int64 {
        let id = try database.insert(
            "INSERT INTO webhooks (name, url, events, active) VALUES (?, ?, ?, ?)", Self.columns(of: webhook))
        try database.run(
            "UPDATE webhooks SET secret_sealed = ? WHERE id = ?", [try sealed(webhook.secret, id), .integer(id)])
        return id
    }

    func update(_ webhook: Webhook, in database: Database) throws(SQLFailure) -> Bool {
        try database.run(
            """
            UPDATE webhooks SET name = ?, url = ?, events = ?, active = ?, secret_sealed = ?,
                updated_at = \(Schema.now)
            WHERE id = ?
            """, Self.columns(of: webhook) + [try sealed(webhook.secret, webhook.id), .integer(webhook.id)]) > 0
    }

    private static func columns(of webhook: Webhook) -> [SQLValue] {
        let events = JSONValue(webhook.events.map(\.rawValue).sorted())
        return [.text(webhook.name), .text(webhook.url), .text(events.text), SQLValue(webhook.isActive)]
    }

    private func sealed(_ secret: String, _ id: Int64) throws(SQLFailure) -> SQLValue {
        var entropy = Entropy.system
        do throws(CryptoError) {
            let sealed = try key.seal(Array(secret.utf8), purpose: Self.purpose(id), using: &entropy)
            return .text(Base64.encode(sealed))
        } catch {
            throw SQLFailure(.other, message: "the secret cannot be sealed: \(error)")
        }
    }

    private static func purpose(_ id: Int64) -> String { "secret of webhook \(id)" }
}
