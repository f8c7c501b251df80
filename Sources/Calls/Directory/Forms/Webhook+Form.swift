package import Wire

extension Webhook {
    /// A webhook that is made: it needs a name, somewhere to send to, and a secret.
    package init(_ form: Form) {
        self.init(name: "")
        form.require("name", "url", "secret")
        apply(form)
        if secret.isEmpty { form.refuse("secret", .nothingKept) }
    }

    /// A secret that is masked or absent stays, unless the webhook is sent elsewhere: it was not meant for that host.
    package mutating func apply(_ form: Form) {
        let former = url
        form.ignore("id")
        form.read("name", into: &name, .ownName)
        form.read("url", into: &url, .url)
        var words = events.map(\.rawValue).sorted()
        form.texts("events", into: &words, atMost: HookEvent.allCases.count, .name) { text throws(FieldProblem) in
            guard HookEvent(rawValue: text) != nil else { throw .notOneOf(HookEvent.allCases.map(\.rawValue)) }
            return text
        }
        events = Set(words.compactMap(HookEvent.init(rawValue:)))
        if let given = form.password("secret", atLeast: 16) {
            secret = given
        } else if url != former, !former.isEmpty {
            form.refuse("secret", .nothingKept)
        }
        form.read("active", into: &isActive)
    }

    package var json: JSONObject {
        [
            "id": .integer(id), "name": .string(name), "url": .string(url),
            "events": JSONValue(events.map(\.rawValue).sorted()), "secret": "***", "active": .bool(isActive),
        ]
    }
}

extension Form {
    package func check(_ webhook: Webhook, in roster: Roster) {
        for other in roster.webhooks where other.id != webhook.id && other.name == webhook.name {
            refuse("name", .taken)
        }
        if webhook.id == 0, roster.webhooks.count >= Webhook.maximumCount {
            refuse("name", .tooMany(maximum: Webhook.maximumCount))
        }
    }
}
