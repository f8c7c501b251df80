import CallModel
package import Wire

/// What each view prints of a call, for the description of the REST interface.
extension CallView {
    /// The words this view has for the states of calls, in the order of the states.
    package var statusWords: [String] {
        var words: [String] = []
        for state in CallState.allCases {
            for direction in CallDirection.allCases {
                if let word = status(state, direction), !words.contains(word) { words.append(word) }
            }
        }
        return words
    }

    /// A call in this view; keys of other views that do not clash come besides.
    package func schema(_ form: Form = .list) -> JSONSchema {
        let own: [(String, JSONSchema)] =
            switch self {
            case .records: RecordsView.members(isDetail: form == .detail)
            case .crm: CRMView.members(form)
            case .pbx: PBXView.members
            case .gateway: GatewayView.members
            }
        return .named(schemaName(form), .object(own + Self.commonMembers))
    }

    private func schemaName(_ form: Form) -> String {
        switch (self, form) {
        case (.records, .detail): "RecordsCallDetail"
        case (.records, _): "RecordsCall"
        case (.crm, .list): "CRMCall"
        case (.crm, .detail): "CRMCallDetail"
        case (.crm, .active): "CRMActiveCall"
        case (.pbx, _): "PBXCall"
        case (.gateway, _): "GatewayCall"
        }
    }

    var statusSchema: JSONSchema { .words(statusWords) }

    private static var commonMembers: [(String, JSONSchema)] {
        let statuses = CallView.allCases.filter { $0 != .records }.map { view in
            (view.rawValue, view.statusSchema)
        }
        return [
            ("uuid", .uuid), ("numericId", .integer), ("state", .words(CallState.self)),
            ("statuses", .object([("mango", .words(["started", "answered", "completed"]))] + statuses)),
            ("quality", JSONSchema(["type": "object"]).optional),
        ]
    }
}

extension RecordsView {
    static func members(isDetail: Bool) -> [(String, JSONSchema)] {
        [
            ("id", .integer), ("callId", .text), ("rk", .text.orNull), ("city", .text.orNull),
            ("avitoName", .text.orNull), ("phoneClient", .text), ("phoneAts", .text), ("dateCreate", .moment),
            ("status", CallView.records.statusSchema.orNull), ("duration", .integer.orNull),
            ("recordUrl", .text.orNull), ("recordingPath", .text.orNull), ("recordingProcessedAt", .moment.orNull),
            ("recordingEmailSent", .flag), ("mangoData", isDetail ? .any : .any.optional),
            ("operatorId", .integer.orNull), ("operator", person.orNull), ("phone", line.orNull), ("avito", .any),
            ("callDirection", .words(["incoming", "outgoing"])), ("entryId", .text.orNull), ("createdAt", .moment),
            ("updatedAt", .moment),
        ]
    }

    private static var person: JSONSchema {
        .object([
            "id": .integer, "name": .text, "login": .text.orNull, "city": .text.orNull, "sipAddress": .text.orNull,
        ])
    }

    private static var line: JSONSchema {
        .object([
            "id": .integer, "number": .text, "rk": .text.orNull, "city": .text.orNull, "avitoName": .text.orNull,
        ])
    }
}

extension CRMView {
    static func members(_ form: CallView.Form) -> [(String, JSONSchema)] {
        switch form {
        case .list: listMembers(tags: .list(of: .text))
        case .detail: listMembers(tags: .text) + detailMembers
        case .active:
            listMembers(tags: .list(of: .text)) + names(of: "assigned") + [
                ("started_at", .moment), ("channel_id", .text.orNull), ("is_muted", .flag), ("is_speaker_on", .flag),
            ]
        }
    }

    private static func listMembers(tags: JSONSchema) -> [(String, JSONSchema)] {
        [
            ("id", .integer), ("caller_number", .text), ("receiver_number", .text),
            ("status", CallView.crm.statusSchema), ("accepted_at", .moment), ("answered_at", .moment.orNull),
            ("ended_at", .moment.orNull), ("duration", .integer.orNull), ("notes", .text.orNull),
            ("assigned_user_id", .integer.orNull), ("answered_by_user_id", .integer.orNull),
            ("caller_company_id", .integer.orNull), ("customer_name", .text.orNull), ("company", .text.orNull),
            ("email", .text.orNull), ("call_purpose", .text.orNull), ("priority", .words(CallPriority.self)),
            ("is_on_hold", .flag), ("tags", tags),
        ]
    }

    private static var detailMembers: [(String, JSONSchema)] {
        names(of: "assigned") + names(of: "answered") + [
            ("caller_company_name", .text.orNull), ("caller_company_inn", .text.orNull),
            ("customer_company", .text.orNull), ("customer_email", .text.orNull), ("customer_phone", .text.orNull),
            ("follow_up_date", .moment.orNull), ("outcome", .text.orNull), ("recording_url", .text.orNull),
            ("transfer_count", .integer), ("tags_list", .list(of: .text)),
        ]
    }

    private static func names(of part: String) -> [(String, JSONSchema)] {
        [("\(part)_user_first_name", .text.orNull), ("\(part)_user_last_name", .text.orNull)]
    }
}

extension PBXView {
    static var members: [(String, JSONSchema)] {
        [
            ("id", .uuid), ("callId", .text), ("sessionId", .text), ("direction", .words(["inbound", "outbound"])),
            ("from", .text), ("to", .text), ("extension", .text), ("status", CallView.pbx.statusSchema),
            ("startTime", .moment), ("answerTime", .moment.optional), ("endTime", .moment.optional),
            ("duration", .integer.optional), ("recording", .text.optional), ("customerId", .text.optional),
            ("customerName", .text.optional), ("orderId", .text.optional), ("notes", .text.optional),
        ]
    }
}

extension GatewayView {
    static var members: [(String, JSONSchema)] {
        [
            ("id", .uuid), ("clientId", .uuid.orNull), ("phoneNumber", .text),
            ("direction", .words(["incoming", "outgoing"])), ("status", CallView.gateway.statusSchema),
            ("duration", .integer), ("recordingUrl", .text.orNull), ("transcript", .text.orNull),
            ("summary", .text.orNull), ("sentiment", .words(Sentiment.self).orNull),
            ("confidenceScore", .number(0...1).orNull), ("createdAt", .moment), ("updatedAt", .moment),
            ("from", .text), ("to", .text), ("startedAt", .moment), ("answeredAt", .moment.orNull),
            ("endedAt", .moment.orNull), ("sessions", .integer),
        ]
    }
}
