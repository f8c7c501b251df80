import Testing
import Wire

struct JSONTextTests {
    @Test func `what is written as it comes reads as the value it stands for`() throws {
        var json = JSONText()
        json.object { json in
            json.member("text", "a \"b\" {")
            json.member("none", String?.none)
            json.member("count", -12)
            json.member("most", UInt64.max)
            json.member("flag", true)
            json.null("nothing")
            json.member("value", .array([1, "x"]))
            json.member("empty", object: { _ in })
            json.member(
                "list",
                array: { list in
                    list.element("one")
                    list.object { $0.member("in", 1) }
                    list.object { _ in }
                })
        }
        let expected: JSONValue = [
            "text": "a \"b\" {", "none": .null, "count": -12, "most": .integer(.max), "flag": true, "nothing": .null,
            "value": [1, "x"], "empty": [:], "list": ["one", ["in": 1], [:]],
        ]
        #expect(try JSONValue(parsing: json.text) == expected)
        #expect(json.text == expected.text)
    }

    @Test(arguments: [0, 7, 10, -1, 1_234_567, Int64.max, .min])
    func `a number is appended as it is printed`(value: Int64) {
        var bytes: [UInt8] = []
        bytes.append(decimal: value)
        #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
    }

    @Test func `a number is filled up with zeros to its width`() {
        var bytes: [UInt8] = []
        bytes.append(decimal: 7, width: 3)
        bytes.append(decimal: 1234, width: 3)
        #expect(String(decoding: bytes, as: UTF8.self) == "0071234")
    }
}
