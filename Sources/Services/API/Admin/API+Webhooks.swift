import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin/webhooks`: servers of others that are told what happens.
extension API {
    func addWebhooks(_ admin: AdminServices, to router: inout Router) {
        guard let services = admin.webhooks else { return }
        let webhooks = webhooks(admin)
        add(webhooks, admin, to: &router)
        onAdmin(.post, "webhooks/:id/test", .testWebhook, &router) { request throws(Failure) in
            let outcome = await services.test(try await found(request, webhooks))
            let data: JSONObject = [
                "delivered": .bool(outcome.error == nil), "eventId": .string(outcome.eventID),
                "error": JSONValue(outcome.error),
            ]
            return .json(.ok, Self.data(data))
        }
        onAdmin(.post, "webhooks/:id/replay", .replayWebhook, &router) { request throws(Failure) in
            let webhook = try await found(request, webhooks)
            guard let from = try request.text("from"), !from.isEmpty else { throw .required(["from"]) }
            let queued = try await stored { () throws(StoreError) in try await services.replay(webhook, from) }
            guard let queued else { throw .eventNotKept }
            return .json(.accepted, Self.data(["queued": JSONValue(queued)]))
        }
    }

    private func webhooks(_ admin: AdminServices) -> AdminResource<Webhook> {
        AdminResource(
            name: "webhooks", all: \.webhooks,
            find: { roster, text in
                roster.webhooks.first { $0.name == text } ?? roster.webhooks.first { Self.names($0.id, text) }
            },
            json: { webhook, _ in webhook.json },
            make: { form, roster in
                let webhook = Webhook(form)
                Self.check(webhook, form, roster)
                return webhook
            },
            apply: { webhook, form, roster in
                webhook.apply(form)
                Self.check(webhook, form, roster)
            },
            add: { webhook throws(StoreError) in try await admin.store.add(webhook) },
            update: { webhook throws(StoreError) in try await admin.store.update(webhook) },
            remove: { webhook throws(StoreError) in try await admin.store.removeWebhook(id: webhook.id) },
            shape: { form in
                form.with(
                    member: "events", .list(of: .words(HookEvent.self), atMost: HookEvent.allCases.count).optional)
            })
    }

    private static func check(_ webhook: Webhook, _ form: Form, _ roster: Roster) {
        if !webhook.url.isEmpty, HTTPURL(webhook.url) == nil { form.refuse("url", .malformed(.url)) }
        form.check(webhook, in: roster)
    }
}

extension JSONSchema {
    /// The same object with something else said of one member.
    fileprivate func with(member name: String, _ schema: JSONSchema) -> JSONSchema {
        guard case .object(var members)? = json["properties"] else { return self }
        members[name] = .object(schema.json)
        return with("properties", .object(members))
    }
}

extension Failure {
    static let eventNotKept = Failure(
        .notFound, "NOT_FOUND", "Событие не найдено", details: ["from": "событие неизвестно или больше не хранится"])
}
