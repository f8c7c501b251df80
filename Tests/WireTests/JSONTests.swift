import Testing
import Wire

struct JSONParserTests {
    static let texts: [(String, JSONValue)] = [
        ("null", .null), (" true ", true), ("\tfalse\r\n", false), ("0", 0), ("-0", 0), ("-17", -17),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9.223372036854775808e18)), ("1.5", 1.5), ("1e3", 1000.0), ("2E-2", 0.02),
        ("-1.25e+2", -125.0), (#""""#, ""), (#""Иван 😀""#, "Иван 😀"), ("[]", []), ("{}", [:]),
        ("[1, [2, {\"a\" : null}] ]", [1, [2, ["a": .null]]]),
    ]

    @Test(arguments: texts) func `a text is read as its value`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0416\u00e9\u0000x""#, "Жé\0x"),
        (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
        (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""a\\u0041""#, #"a\u0041"#),
    ]) func `escapes stand for their characters`(text: String, value: String) throws {
        #expect(try JSONValue(parsing: text).stringValue == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "[", "[1", "[1,", "[1,]", "[,1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,}", "{a:1}", "{1:1}", "01", "-", "-a", "+1", "1.", ".5", "1e", "1e+", "1 2", "\"", "\"\\", "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\u{1}\"", "\"a\nb\"", "'a'", "[1}", "\u{FEFF}1", "1e999", "NaN", "Infinity",
        "//",
    ]) func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80]] {
            #expect(throws: JSONError.invalidString(offset: 1)) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
        }
    }

    @Test func `no prefix of a text traps or passes for the whole`() throws {
        let text = Array(#"{"callId":"a\ud83d\ude00б","n":[-1.5e-3,true,false,null,{}],"x":12}"#.utf8)
        _ = try JSONValue(parsing: text)
        for length in text.indices {
            #expect(throws: JSONError.self) { try JSONValue(parsing: text.prefix(length)) }
        }
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func `a hundred thousand nested brackets are too deep`(open: String) {
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: String(repeating: open, count: 100_000)) }
    }

    @Test func `the limits are exact`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let limits = JSONLimits(depth: 5, values: 5)
        _ = try JSONValue(parsing: nested(5), limits: limits)
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: nested(6), limits: JSONLimits(depth: 5)) }
        #expect(throws: JSONError.tooManyValues) { try JSONValue(parsing: "[1,2,3,4,5]", limits: limits) }
        let longest = String(repeating: "1", count: JSONLimits.numberLength)
        #expect(try JSONValue(parsing: longest).doubleValue != nil)
        #expect(throws: JSONError.invalidNumber(offset: 0)) { try JSONValue(parsing: longest + "1") }
    }

    @Test func `seeded noise never traps`() {
        let seed: UInt64 = 20_261_120
        var entropy = Entropy(seed: seed)
        let alphabet = Array("[]{}\",:\\u0123456789abcdeftrn -+.E\u{1}é".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...40, using: &entropy)
            let noise = (0..<length).map { _ in alphabet.randomElement(using: &entropy) ?? 0 }
            guard let value = try? JSONValue(parsing: noise) else { continue }
            #expect((try? JSONValue(parsing: value.encoded())) == value, "seed \(seed): \(noise)")
        }
    }
}

struct JSONWriterTests {
    @Test func `members are printed in their order`() {
        let value: JSONValue = ["z": 1, "a": [true, .null, "x"], "m": ["k": -1.5]]
        #expect(value.text == #"{"z":1,"a":[true,null,"x"],"m":{"k":-1.5}}"#)
    }

    @Test(arguments: [
        (0.8, "0.8"), (1.0, "1"), (-3.0, "-3"), (1e300, "1e+300"), (Double.infinity, "null"), (Double.nan, "null"),
        (9_007_199_254_740_991, "9007199254740991"),
    ]) func `numbers are printed as JavaScript reads them`(value: Double, text: String) {
        #expect(JSONValue.number(value).text == text)
    }

    @Test func `only what must be escaped is`() {
        #expect(
            JSONValue.string("\"\\\n\r\t\u{0}\u{1F}/\u{7F}Ж😀").text == "\"\\\"\\\\\\n\\r\\t\\u0000\\u001f/\u{7F}Ж😀\"")
    }

    @Test func `an unknown value is null`() {
        #expect(JSONValue(nil as String?) == .null)
        #expect(JSONValue(nil as Int64?) == .null)
        #expect(JSONValue(7 as Int?) == 7)
    }
}

struct JSONObjectTests {
    @Test func `the last of equal names counts`() throws {
        let value = try JSONValue(parsing: #"{"a":1,"b":2,"a":3}"#)
        #expect(value["a"] == 3)
        #expect(value["c"] == nil)
        #expect(value.objectValue?.members.count == 3)
    }

    @Test func `a set member keeps its place, a new one goes to the end`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 9
        object["c"] = 3
        object["b"] = nil
        #expect(JSONValue.object(object).text == #"{"a":9,"c":3}"#)
    }

    @Test func `filling adds only what is missing`() {
        var object: JSONObject = ["id": "uuid", "status": "ended"]
        object.fill(from: ["id": 1, "notes": .null])
        object.appendIfPresent("unknown", .null)
        #expect(JSONValue.object(object).text == #"{"id":"uuid","status":"ended","notes":null}"#)
    }

    @Test func `values are read as what they are and nothing else`() {
        let value: JSONValue = [1.0, "1", 2.5, true]
        #expect(value[0]?.integerValue == 1)
        #expect(value[1]?.integerValue == nil)
        #expect(value[2]?.integerValue == nil)
        #expect(value[2]?.doubleValue == 2.5)
        #expect(value[3]?.boolValue == true)
        #expect(value[4] == nil)
        #expect(value["a"] == nil)
    }
}
