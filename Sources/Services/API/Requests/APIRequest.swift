package import CallModel
import CallViews
package import Directory
package import Web
package import Wire

/// A request with its caller and its body, read as far as handlers need it.
package struct APIRequest: Sendable {
    package let http: HTTPRequest
    package let parameters: RouteParameters
    package let caller: Caller
    /// The members of the JSON body; none when there is no body.
    package let body: JSONObject

    package init(http: HTTPRequest, parameters: RouteParameters, caller: Caller) throws(Failure) {
        (self.http, self.parameters, self.caller) = (http, parameters, caller)
        body = try JSONBody.read(http)
    }

    /// The call a path names.
    package func callKey(_ parameter: String = "callId") throws(Failure) -> CallKey {
        guard let key = CallKey(parameters[parameter]) else {
            throw .invalid(parameter, "номер или UUID звонка")
        }
        return key
    }
}

/// Reads request bodies as JSON, with bounded depth.
enum JSONBody {
    private static let limits = JSONLimits(depth: 32, values: 100_000)

    static func read(_ request: HTTPRequest) throws(Failure) -> JSONObject {
        guard request.body.contains(where: { !ASCII.isWhitespace($0) && $0 != 0x0A && $0 != 0x0D }) else {
            return JSONObject()
        }
        if let type = request.contentType, type != "application/json", !type.hasSuffix("+json"), type != "text/plain" {
            throw .unsupportedMediaType
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: request.body, limits: limits)
        } catch {
            throw .invalidJSON
        }
        guard let object = value.objectValue else { throw .invalid("body", "ожидается объект") }
        return object
    }
}

extension APIRequest {
    /// The telephone number a path names.
    ///
    /// A plus that a client did not escape may have become a space on its way.
    package func number(inPath parameter: String) throws(Failure) -> PhoneNumber {
        var text = parameters[parameter]
        if text.hasPrefix(" ") { text = "+" + text.dropFirst() }
        guard BuiltInNumber(dialled: text) != nil || PhoneNumber.isAcceptable(text) else {
            throw .invalidPhone(parameter)
        }
        return PhoneNumber(text)
    }
}

/// Typed reading of body members and query items: absent (or null) is nil, anything of a wrong kind is refused.
extension APIRequest {
    /// Characters of a text, where nothing else is said, and of an address.
    package static let maximumText = 256
    static let maximumURL = 2048

    /// A string of the body; a number stands for its text where `takesNumbers`.
    package func text(
        _ name: String, maximumLength: Int = APIRequest.maximumText, takesNumbers: Bool = false
    ) throws(Failure) -> String? {
        guard let value = body[name], !value.isNull else { return nil }
        if takesNumbers, let number = value.integerValue { return String(number) }
        guard let text = value.stringValue else { throw .invalid(name, "ожидается строка") }
        guard text.unicodeScalars.count <= maximumLength else {
            throw .invalid(name, "не длиннее \(maximumLength)")
        }
        guard !text.utf8.contains(0) else { throw .invalid(name, "нулевой символ недопустим") }
        return text
    }

    /// The same text without markup, for what people will see.
    func plainText(_ name: String, maximumLength: Int = APIRequest.maximumText, takesNumbers: Bool = false)
        throws(Failure) -> String?
    {
        try text(name, maximumLength: maximumLength, takesNumbers: takesNumbers).map(Markup.removed)
    }

    /// Names the members of the body that must be there and are not, all at once.
    func require(_ names: String...) throws(Failure) {
        let missing = names.filter { body[$0]?.isNull ?? true || body[$0]?.stringValue?.isEmpty == true }
        guard missing.isEmpty else { throw .required(missing) }
    }

    /// A positive number of the body that names something; a string of digits stands for it.
    func identifier(_ name: String) throws(Failure) -> Int64? {
        guard let value = body[name], !value.isNull else { return nil }
        let number = value.integerValue ?? value.stringValue.flatMap { Int64($0) }
        guard let number, number > 0 else { throw .invalid(name, "ожидается положительное число") }
        return number
    }

    package func flag(_ name: String) throws(Failure) -> Bool? {
        guard let value = body[name], !value.isNull else { return nil }
        if let flag = value.boolValue { return flag }
        switch value.stringValue {
        case "true": return true
        case "false": return false
        default: throw .invalid(name, "ожидается true или false")
        }
    }

    /// A whole number of the body, not negative; a string of digits stands for it.
    package func count(_ name: String) throws(Failure) -> Int? {
        guard let value = body[name], !value.isNull else { return nil }
        let number = value.integerValue ?? value.stringValue.flatMap { Int64($0) }
        guard let number, (0...Int64(Int32.max)).contains(number) else {
            throw .invalid(name, "ожидается целое число от 0")
        }
        return Int(number)
    }

    /// How many elements a list shows: what the query says, as far as the list goes.
    func limit(_ limit: PageLimit) throws(Failure) -> Int {
        try page("limit", default: limit.usual, maximum: limit.maximum)
    }

    /// A positive number of the query, at most `maximum`; larger ones are cut to it.
    package func page(_ name: String, default fallback: Int, maximum: Int = Int(Int32.max)) throws(Failure) -> Int {
        guard let text = query(name) else { return fallback }
        guard let number = ASCII.decimal(text.utf8, maximumDigits: 9), number >= 1 else {
            throw .invalid(name, "ожидается целое число от 1")
        }
        return min(Int(number), maximum)
    }

    /// A query item; an empty one counts as absent.
    package func query(_ name: String) -> String? {
        http.query.items.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// Characters of a text that is searched for.
    static let maximumSearch = 200

    /// A text of the query to search for.
    func search(_ name: String) throws(Failure) -> String? {
        guard let text = query(name) else { return nil }
        guard text.unicodeScalars.count <= Self.maximumSearch else {
            throw .invalid(name, "не длиннее \(Self.maximumSearch)")
        }
        return text
    }

    /// A number of the query that may be nought.
    package func queryCount(_ name: String) throws(Failure) -> Int64? {
        guard let text = query(name) else { return nil }
        guard let number = ASCII.decimal(text.utf8, maximumDigits: 18) else {
            throw .invalid(name, "ожидается целое число от 0")
        }
        return Int64(number)
    }

    package func queryID(_ name: String) throws(Failure) -> Int64? {
        guard let text = query(name) else { return nil }
        guard let number = ASCII.decimal(text.utf8, maximumDigits: 18), number > 0 else {
            throw .invalid(name, "ожидается положительное число")
        }
        return Int64(number)
    }
}
