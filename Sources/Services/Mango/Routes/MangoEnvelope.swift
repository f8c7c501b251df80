import Crypto
import Web
import Wire

/// An event with what proves whose it is, as it was posted.
struct MangoEnvelope {
    /// The event's JSON text; signatures are made over its bytes.
    let json: String
    let object: JSONObject
    let key: String?
    let sign: String?

    /// Longest body of an event; the exchange's have some hundred bytes.
    private static let longestBody = 64 << 10
    private static let limits = JSONLimits(depth: 16, values: 2000)

    /// A form with `vpbx_api_key`, `sign` and `json`; the same as a JSON object; or the event itself as JSON.
    init(_ request: HTTPRequest) throws(Failure) {
        guard request.body.count <= Self.longestBody else { throw .payloadTooLarge }
        guard let first = request.body.first(where: { !ASCII.isWhitespace($0) && $0 != 0x0A && $0 != 0x0D }) else {
            throw .unreadable
        }
        if first != UInt8(ascii: "{") {
            let form = HTTPQuery(encoded: request.body)
            guard let json = form["json"] else { throw .unreadable }
            try self.init(json: json, key: form["vpbx_api_key"], sign: form["sign"])
            return
        }
        let object = try Self.object(request.body)
        if let json = object["json"]?.stringValue {
            try self.init(json: json, key: object["vpbx_api_key"]?.stringValue, sign: object["sign"]?.stringValue)
            return
        }
        // A signature is made over a text of its own; beside the event itself it proves nothing.
        if let sign = object["sign"], !sign.isNull, sign.stringValue != "" { throw .wrongSignature }
        let json = String(decoding: request.body, as: UTF8.self)
        self.init(json: json, object: object, key: object["vpbx_api_key"]?.stringValue, sign: nil)
    }

    private init(json: String, key: String?, sign: String?) throws(Failure) {
        self.init(json: json, object: try Self.object(json.utf8), key: key, sign: sign)
    }

    private init(json: String, object: JSONObject, key: String?, sign: String?) {
        (self.json, self.object, self.key, self.sign) = (json, object, key, sign)
    }

    private static func object(_ bytes: some Collection<UInt8>) throws(Failure) -> JSONObject {
        guard let value = try? JSONValue(parsing: bytes, limits: limits), let object = value.objectValue else {
            throw .unreadable
        }
        return object
    }

    /// The event as it is kept: without the key of the account.
    var payload: String {
        guard object["vpbx_api_key"] != nil else { return json }
        var kept = object
        kept["vpbx_api_key"] = nil
        return JSONValue.object(kept).text
    }

    var digest: String { Hex.encode(Hash.sha256(json)) }
}

extension MangoSettings {
    /// Whether the signature is good; nil when there is none or it cannot be checked.
    func check(_ envelope: MangoEnvelope, from address: IPAddress) throws(Failure) -> Bool? {
        if !allowedNetworks.isEmpty, !allowedNetworks.contains(where: { $0.contains(address) }) {
            throw .foreignAddress
        }
        if let apiKey, let key = envelope.key, !key.isEmpty,
            !equalInConstantTime(Array(key.utf8), Array(apiKey.utf8))
        {
            throw .wrongKey
        }
        guard let sign = envelope.sign, !sign.isEmpty else {
            guard !requiresSignature else { throw .wrongSignature }
            return nil
        }
        guard let keys else {
            guard !requiresSignature else { throw .wrongSignature }
            return nil
        }
        guard keys.accepts(sign, of: envelope.json) else { throw .wrongSignature }
        return true
    }
}

extension Failure {
    static let unreadable = Failure(.badRequest, "INVALID_JSON", "Тело запроса не является событием в JSON")
    static let wrongSignature = Failure(.unauthorized, "INVALID_SIGNATURE", "Неверная подпись")
    static let wrongKey = Failure(.unauthorized, "INVALID_API_KEY", "Неверный ключ API")
    static let foreignAddress = Failure(.unauthorized, "UNAUTHORIZED", "Адрес отправителя не разрешён")

    static func fieldsMissing(_ names: [String]) -> Failure {
        let details = Dictionary(names.map { ($0, "обязательное поле") }) { first, _ in first }
        return Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса", details: details)
    }
}
