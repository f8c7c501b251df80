import CallModel
import Testing
import Wire

@testable import CallViews

/// What is said of calls is what is printed.
struct SchemaTests {
    private static let forms: [CallView.Form] = [.list, .detail, .active]

    private static func schema(_ view: CallView, _ form: CallView.Form) throws -> JSONValue {
        let named = view.schema(form).named
        return try #require(named.first { $0.key.hasPrefix(Self.prefixes[view] ?? "") }.map { .object($0.value) })
    }

    private static let prefixes: [CallView: String] = [
        .records: "RecordsCall", .crm: "CRM", .pbx: "PBXCall", .gateway: "GatewayCall",
    ]

    @Test(arguments: CallView.allCases)
    func `a view prints every member that it is said to print, and says of every one that it prints`(view: CallView)
        throws
    {
        for form in Self.forms {
            let schema = try Self.schema(view, form)
            let facts = try makeCall(.completed)
            let printed = try #require(view.render(facts, form).objectValue)
            let native = view.native(facts, form).members.map(\.name)
            let said = schema["properties"]?.objectValue?.members.map(\.name) ?? []
            #expect(Set(said).isSuperset(of: native), "\(view) \(form)")
            for name in schema["required"]?.arrayValue ?? [] {
                #expect(printed[name.stringValue ?? ""] != nil, "\(view) \(form): \(name)")
            }
        }
    }

    @Test func `the words for states are those that calls are shown with`() {
        #expect(CallView.crm.statusWords == ["incoming", "accepted", "completed", "missed", "rejected"])
        #expect(CallView.records.statusWords == ["answered", "missed", "no_answer", "busy"])
    }
}
