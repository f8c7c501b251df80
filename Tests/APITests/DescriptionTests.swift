import Directory
import Testing
import Web
import Wire

@testable import API

struct DescriptionTests {
    private static func routes() throws -> [Router.Description] { try Scene().router.operations }

    private static func document() throws -> JSONValue {
        OpenAPI.document(of: try Scene().router, title: "t", version: "1", families: API.families)
    }

    @Test func `every route says what the parameters of its path are`() throws {
        for route in try Self.routes() {
            let named = route.template.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
            let described = route.operation.parameters.filter { $0.place == .path }.map(\.name)
            #expect(Set(named) == Set(described), "\(route.method) \(route.template)")
        }
    }

    @Test func `no route of the interface is without a description`() throws {
        #expect(try Scene().router.undescribed.isEmpty)
    }

    @Test func `every route belongs to a family, has a line about it and an answer`() throws {
        let families = Set(API.families.map(\.name))
        for route in try Self.routes() {
            #expect(families.isSuperset(of: route.operation.families) && !route.operation.families.isEmpty)
            #expect(!route.operation.summary.isEmpty && !route.operation.answers.isEmpty)
        }
    }

    @Test func `what routes of administrators take is what their forms read`() throws {
        let body = try Self.document()["paths"]?["/api/v1/admin/phone-lines"]?["post"]?["requestBody"]?["content"]
        let schema = try #require(body?["application/json"]?["schema"])
        #expect(schema["properties"]?.objectValue?.members.map(\.name) == ["id", "number", "rk", "city", "avitoName"])
        #expect(schema["required"] == ["number"] && schema["additionalProperties"] == false)
        #expect(schema["properties"]?["number"]?["maxLength"] == 20)
    }

    @Test func `every schema that is referred to is there`() throws {
        let document = try Self.document()
        let named = document["components"]?["schemas"]?.objectValue?.members.map(\.name) ?? []
        let text = String(decoding: document.encoded(), as: UTF8.self)
        let references = text.split(separator: "#/components/schemas/").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(Set(references.map(String.init)) == Set(named))
        #expect(named.contains("Error") && named.contains("PBXCall"))
    }

    @Test func `a refusal is described with its codes, and only those who must show a token are asked for one`() throws
    {
        let paths = try Self.document()["paths"]
        let hangUp = paths?["/api/calls/hangup/{callId}"]?["post"]
        #expect(hangUp?["security"] == [["token": []]])
        let conflict = hangUp?["responses"]?["409"]?["description"]?.stringValue
        #expect(conflict?.contains("CALL_ALREADY_ENDED") == true)
        #expect(paths?["/api/auth/login"]?["post"]?["security"] == [])
    }
}
