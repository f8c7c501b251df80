import Testing

@testable import tandem

struct ArgumentsTests {
    @Test func `options, flags and words are told apart`() throws {
        let arguments = try Arguments(
            ["add", "--name", "a", "--name=b=c", "--json", "x", "--", "--y"], options: ["--name"], flags: ["--json"])
        #expect(arguments.words == ["add", "x", "--y"])
        #expect(arguments.values("--name") == ["a", "b=c"])
        #expect(arguments.value("--name") == "b=c")
        #expect(arguments.value("--other") == nil)
        #expect(arguments.has("--json") && !arguments.has("--off"))
        #expect(try arguments.exactly("A", "B", "C").count == 3)
    }

    @Test(arguments: [
        (["--name"], "--name needs a value"), (["--nam", "x"], "there is no option --nam"),
        (["--json=1"], "there is no option --json"), ([], "WORD is missing"), (["a", "b"], "\"b\" is too much"),
    ]) func `a line that makes no sense says why`(words: [String], why: String) {
        #expect(throws: CommandError.usage(why)) {
            _ = try Arguments(words, options: ["--name"], flags: ["--json"]).exactly("WORD")
        }
    }

    @Test func `a table is as wide as its widest cells`() {
        var table = TextTable("A", "NAME")
        table.rows = [["1001", "Анна"], ["2", ""]]
        #expect("\(table)" == "A     NAME\n1001  Анна\n2")
    }
}
