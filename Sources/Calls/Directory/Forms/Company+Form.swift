package import Wire

extension Company {
    /// Phones of one company.
    package static let maximumPhones = 50

    package mutating func apply(_ form: Form) {
        form.ignore("id")
        form.read("name", into: &name, .title)
        form.read("inn", into: &inn, .inn)
        form.read("status", into: &status, .kind)
        form.list("phones", into: &phones, atMost: Self.maximumPhones) { CompanyPhone($0) }
    }

    /// A company that is made: it needs a name.
    package init(_ form: Form) {
        self.init(id: 0, name: "")
        form.require("name")
        apply(form)
    }

    package var json: JSONObject {
        [
            "id": .integer(id), "name": .string(name), "inn": JSONValue(inn), "status": .string(status),
            "phones": .array(phones.map(\.json)),
        ]
    }
}

extension CompanyPhone {
    package init(_ form: Form) {
        self.init(number: "")
        form.require("number")
        form.read("number", into: &number, .phone)
        form.read("type", into: &kind, .kind)
        form.read("contactPerson", into: &contactPerson, .label)
    }

    package var json: JSONValue {
        ["number": .string(number), "type": .string(kind), "contactPerson": JSONValue(contactPerson)]
    }
}
