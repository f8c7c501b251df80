import Foundation
import Testing

@testable import tandem

struct VariableTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func `the README has the table of the settings as the program prints it`() throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
        let head = try #require(lines.firstIndex(of: "| variable | default | meaning |"))
        let table = lines[head...].prefix { $0.hasPrefix("|") }.joined(separator: "\n")
        #expect(table == Variable.table, "write what tandem config prints into README.md")
    }

    @Test func `each setting is declared once, said in one line, and read by the configuration`() throws {
        let names = Variable.all.map(\.name)
        #expect(Set(names).count == names.count)
        let folder = Self.root.appending(path: "Sources/tandem/Configuration")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let readers = try files.filter { !$0.lastPathComponent.hasPrefix("Variable") }
            .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for variable in Variable.all {
            #expect(!variable.meaning.isEmpty && !variable.meaning.contains("\n"), "\(variable.name)")
            #expect(readers.contains("\"\(variable.name)\""), "nobody reads \(variable.name)")
        }
    }

    @Test func `every variable of the earlier systems' documents is declared`() throws {
        let folder = Self.root.appending(path: "Tests/Interop/contract/documents")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path())
        let examples = files.filter { $0.hasSuffix("environment.env") }
        #expect(examples.count == 5)
        let declared = Set(Variable.all.map(\.name))
        for file in examples {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            for name in Environment.parse(text).keys { #expect(declared.contains(name), "\(file): \(name)") }
        }
    }

    @Test func `secrets are marked`() {
        for variable in Variable.all where variable.name.contains("SECRET") || variable.name.contains("PASSWORD") {
            #expect(variable.isSecret, "\(variable.name)")
        }
    }
}
