package import Wire

/// What the exchange is answered to an event: the words of document 000.
package struct MangoReply: Hashable, Sendable {
    package var isSuccess: Bool
    package var message: String
    package var data: JSONObject?

    init(_ message: String, isSuccess: Bool = true, data: JSONObject? = nil) {
        (self.isSuccess, self.message, self.data) = (isSuccess, message, data)
    }

    var json: JSONValue {
        var object: JSONObject = ["success": .bool(isSuccess), "message": .string(message)]
        if let data { object.append("data", .object(data)) }
        return .object(object)
    }

    /// Reads what `json` made; nil for anything else.
    init?(json text: String) {
        guard let value = try? JSONValue(parsing: text), let success = value["success"]?.boolValue,
            let message = value["message"]?.stringValue
        else { return nil }
        self.init(message, isSuccess: success, data: value["data"]?.objectValue)
    }
}

extension MangoReply {
    static let menu = MangoReply("IVR call ignored")
    static let noOperator = MangoReply("Operator not found")
    static let legacy = MangoReply("Webhook processed (legacy)")
    static let pong = MangoReply("pong")
    static let noted = MangoReply("Event stored")
    static let noCall = MangoReply("Call not found", isSuccess: false)
    static let tooMany = MangoReply("Too many calls", isSuccess: false)

    init(_ error: MangoParseError) {
        switch error {
        case .callIDMissing, .fieldsMissing: self.init("Call ID missing")
        case .entryIDMissing: self.init("Entry ID missing")
        case .recordingIDMissing: self.init("Missing recording_id", isSuccess: false)
        }
    }

    static func called(_ what: String, _ callID: String?) -> MangoReply {
        MangoReply(what, data: callID.map { ["callId": .string($0)] })
    }

    static func ended(_ what: String, _ id: String, status: String?, duration: Int) -> MangoReply {
        MangoReply(
            what, data: ["callId": .string(id), "status": JSONValue(status), "duration": JSONValue(duration)])
    }
}
