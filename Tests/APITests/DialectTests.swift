import CallViews
import Testing
import Web
import Wire

@testable import API

/// One row of the table: a request, and the view its answer is in.
struct DialectCase: Sendable, CustomTestStringConvertible {
    var method = HTTPMethod.get
    var target = "/api/v1/calls"
    var template = "/api/v1/calls"
    var identifier: String?
    var fields: [String: String] = [:]
    var body: JSONObject = [:]
    let expected: CallView

    var testDescription: String { "\(method) \(target) \(fields) \(JSONValue.object(body).text)" }
}

@Suite struct DialectTests {
    private static let uuid = "0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90"
    private static let bearer = ["Authorization": "Bearer x"]

    private static let table: [DialectCase] = [
        // (a) said by name
        DialectCase(target: "/api/v1/calls?view=records", expected: .records),
        DialectCase(target: "/api/v1/calls?view=gateway", fields: bearer, expected: .gateway),
        DialectCase(fields: ["X-Call-View": "Records"], expected: .records),
        DialectCase(target: "/api/v1/calls?view=crm", fields: ["X-Call-View": "gateway"], expected: .gateway),
        DialectCase(
            method: .patch, target: "/api/v1/calls/7/status?view=records", template: "/api/v1/calls/:id/status",
            identifier: "7", expected: .records),
        // (b) verb or subpath
        DialectCase(
            method: .put, target: "/api/v1/calls/\(uuid)", template: "/api/v1/calls/:id", identifier: uuid,
            expected: .records),
        DialectCase(target: "/api/v1/calls/stats", template: "/api/v1/calls/stats", expected: .records),
        DialectCase(target: "/api/v1/calls/by-phone/1", template: "/api/v1/calls/by-phone/:phone", expected: .records),
        DialectCase(
            method: .patch, target: "/api/v1/calls/7/status", template: "/api/v1/calls/:id/status", identifier: "7",
            fields: bearer, expected: .gateway),
        DialectCase(
            method: .post, target: "/api/v1/calls/7/end", template: "/api/v1/calls/:id/end", identifier: "7",
            expected: .gateway),
        DialectCase(
            method: .post, target: "/api/v1/calls/7/sessions", template: "/api/v1/calls/:id/sessions", identifier: "7",
            fields: bearer, expected: .gateway),
        // (c) the form of the id
        DialectCase(target: "/api/v1/calls/7", template: "/api/v1/calls/:id", identifier: "7", expected: .records),
        DialectCase(
            target: "/api/v1/calls/\(uuid)", template: "/api/v1/calls/:id", identifier: uuid, fields: bearer,
            expected: .gateway),
        // (d) the body of a POST
        DialectCase(method: .post, body: ["phoneClient": "1"], expected: .records),
        DialectCase(method: .post, fields: bearer, body: ["phoneNumber": "1"], expected: .gateway),
        // (e) query keys and statuses
        DialectCase(target: "/api/v1/calls?operatorId=1", expected: .records),
        DialectCase(target: "/api/v1/calls?page=2&city=x&direction=incoming", expected: .records),
        DialectCase(target: "/api/v1/calls?fromDate=2025-01-01", fields: bearer, expected: .gateway),
        DialectCase(target: "/api/v1/calls?status=missed", expected: .records),
        DialectCase(target: "/api/v1/calls?status=completed", fields: bearer, expected: .gateway),
        DialectCase(target: "/api/v1/calls?status=answered", expected: .gateway),
        // (f) a token
        DialectCase(fields: bearer, expected: .records),
        DialectCase(target: "/api/v1/calls?page=1", expected: .gateway),
        DialectCase(method: .post, body: ["phoneNumber": "1"], expected: .gateway),
    ]

    @Test(arguments: table)
    func `the first rule that decides names the dialect`(_ row: DialectCase) throws {
        var fields = HTTPFields()
        for (name, value) in row.fields { fields.add(name, value) }
        let request = HTTPRequest(method: row.method, target: try #require(HTTPTarget(row.target)), fields: fields)
        let view = Dialect.view(of: request, template: row.template, identifier: row.identifier, body: row.body)
        #expect(view == row.expected)
    }
}

@Suite struct DateBoundsTests {
    @Test func `a day is a day of the installation's zone, its end included`() throws {
        let moscow = try #require(DateBounds(zone: "Europe/Moscow"))
        #expect(try moscow.lower("2025-11-08", field: "f").iso8601() == "2025-11-07T21:00:00.000Z")
        #expect(try moscow.upper("2025-11-08", field: "f").iso8601() == "2025-11-08T20:59:59.999Z")
        #expect(try moscow.upper("2025-11-08T12:00:00Z", field: "f").iso8601() == "2025-11-08T12:00:00.000Z")
    }

    @Test func `a day on which the clocks change is as long as it is`() throws {
        let berlin = try #require(DateBounds(zone: "Europe/Berlin"))
        #expect(try berlin.lower("2025-03-30", field: "f").iso8601() == "2025-03-29T23:00:00.000Z")
        #expect(try berlin.upper("2025-03-30", field: "f").iso8601() == "2025-03-30T21:59:59.999Z")
        #expect(try berlin.upper("2025-10-26", field: "f").iso8601() == "2025-10-26T22:59:59.999Z")
    }

    @Test func `what is no date is refused by name`() {
        #expect(throws: Failure.invalid("fromDate", "")) {
            do throws(Failure) {
                _ = try DateBounds().lower("yesterday", field: "fromDate")
            } catch {
                throw Failure(error.status, error.code, error.message, details: error.details.mapValues { _ in "" })
            }
        }
        #expect(DateBounds(zone: "Mars/Olympus") == nil)
    }
}
