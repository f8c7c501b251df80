package import Wire

extension UserPhone {
    package mutating func apply(_ form: Form) {
        form.ignore("id", "userId")
        form.read("number", into: &number, .phone)
        form.read("type", into: &kind)
        form.read("isPrimary", into: &isPrimary)
    }

    /// A phone that is made for a user: it needs a number.
    package init(_ form: Form, ofUser id: Int64) {
        self.init(id: 0, userID: id, number: "", kind: .work, isPrimary: false)
        form.require("number")
        apply(form)
    }

    package var json: JSONObject {
        [
            "id": .integer(id), "userId": .integer(userID), "number": .string(number), "type": .string(kind.rawValue),
            "isPrimary": .bool(isPrimary),
        ]
    }
}

extension PhoneLine {
    package mutating func apply(_ form: Form) {
        form.ignore("id")
        form.read("number", into: &number, .line)
        form.read("rk", into: &campaign, .label)
        form.read("city", into: &city, .label)
        form.read("avitoName", into: &avitoName, .label)
    }

    /// A line that is made: it needs a number.
    package init(_ form: Form) {
        self.init(id: 0, number: "")
        form.require("number")
        apply(form)
    }

    package var json: JSONObject {
        [
            "id": .integer(id), "number": .string(number), "rk": JSONValue(campaign), "city": JSONValue(city),
            "avitoName": JSONValue(avitoName),
        ]
    }
}
