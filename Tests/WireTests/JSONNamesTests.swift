import Testing
import Wire

struct JSONNamesTests {
    @Test func `a name is taken once, however much it is like others`() {
        var names = JSONNames()
        let given = ["", "a", "ab", "abc", "abcd", "status", "statuses", "started_at", "имя", "abcXefgh", "abcYefgh"]
        for name in given {
            #expect(!names.contains(name))
            let isNew = names.insert(name)
            #expect(isNew)
        }
        for name in given {
            #expect(names.contains(name))
            let isNew = names.insert(name)
            #expect(!isNew)
        }
        #expect(!names.contains("abcZefgh"))
    }

    @Test func `an object is filled with the members whose names are not taken, in their order`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object.fill(from: ["b": 3, "d": 4, "c": 5])
        #expect(object == ["a": 1, "b": 2, "d": 4, "c": 5])
    }
}
