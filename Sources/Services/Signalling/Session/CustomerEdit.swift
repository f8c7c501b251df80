import CallModel
import CallViews
import Web
import Wire

/// Notes and customer fields as clients of document 002 send them; markup is taken out.
struct CustomerEdit: Sendable {
    /// Bytes of a note.
    static let maximumNotes = 65_536

    var notes: String?
    var name: String?
    var company: String?
    var email: String?
    var phone: String?

    /// What the form beside the answer button already held.
    init(initial data: JSONValue?) throws(Failure) {
        notes = try Self.checked(data?["quickNotes"]?.stringValue, "quickNotes")
        name = data?["customerName"]?.stringValue
        company = data?["company"]?.stringValue
    }

    init(notes: String?, _ field: String = "notes", customer: JSONValue? = nil) throws(Failure) {
        self.notes = try Self.checked(notes, field)
        name = (customer?["customerName"] ?? customer?["customer_name"] ?? customer?["name"])?.stringValue
        company = (customer?["company"] ?? customer?["customer_company"])?.stringValue
        email = (customer?["email"] ?? customer?["customer_email"])?.stringValue
        phone = (customer?["phone"] ?? customer?["customer_phone"])?.stringValue
    }

    var isEmpty: Bool { [notes, name, company, email, phone].allSatisfy { $0 == nil } }

    private static func checked(_ notes: String?, _ field: String) throws(Failure) -> String? {
        guard (notes?.utf8.count ?? 0) <= maximumNotes else { throw .invalid(field, "at most \(maximumNotes) bytes") }
        return notes
    }

    func apply(to record: inout CallRecord) {
        if let notes { record.notes = Markup.removed(from: notes) }
        if let name { record.customerName = Markup.removed(from: name) }
        if let company { record.customerCompany = Markup.removed(from: company) }
        if let email { record.customerEmail = Markup.removed(from: email) }
        if let phone { record.customerPhone = Markup.removed(from: phone) }
    }
}
