import CallModel
import CallViews
import Directory
import Web
import Wire

/// What document 003's clients write on a call: whose it is, which order it is about, notes.
extension API {
    func addPBXNotes(to router: inout Router) {
        on(.post, "/api/calls/:callId/customer", .setCustomer, &router) { request throws(Failure) in
            try await setCustomer(request)
        }
        on(.post, "/api/calls/:callId/order", .setOrder, &router) { request throws(Failure) in
            try await setOrder(request)
        }
        on(.post, "/api/calls/:id/notes", .addNote, &router) { request throws(Failure) in try await addNote(request)
        }
    }

    private func setCustomer(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        try request.require("customerId")
        let id = try request.plainText("customerId", takesNumbers: true)
        let (name, phone) = (try request.plainText("customerName"), try request.phone("customerPhone"))
        let known = try await record(try request.callKey(), for: request.caller)
        return try await pbxCall(
            try await change(known, by: request.caller) { record in
                record.customerID = id
                record.customerName = name ?? record.customerName
                record.customerPhone = phone ?? record.customerPhone
            })
    }

    private func setOrder(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        try request.require("orderId")
        let id = try request.plainText("orderId", takesNumbers: true)
        let known = try await record(try request.callKey(), for: request.caller)
        return try await pbxCall(try await change(known, by: request.caller) { $0.orderID = id })
    }

    /// Puts a line below the notes there are.
    private func addNote(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        try request.require("note")
        let note = try request.plainText("note", maximumLength: CRMEdit.maximumNotes) ?? ""
        let known = try await record(try request.callKey("id"), for: request.caller)
        guard (known.notes?.unicodeScalars.count ?? 0) + note.unicodeScalars.count < CRMEdit.maximumNotes else {
            throw .invalid("note", "вместе с прежними заметками не длиннее \(CRMEdit.maximumNotes)")
        }
        let row = noteRow(note, on: known, by: request.caller, .pbx)
        return try await pbxCall(
            try await change(known, by: request.caller, rows: [row]) { record in
                record.notes = record.notes.map { $0.isEmpty ? note : "\($0)\n\(note)" } ?? note
            })
    }
}
