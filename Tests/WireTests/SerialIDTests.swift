import Testing
import Wire

struct SerialIDTests {
    private struct Name: SerialID {
        let rawValue: UInt64
    }

    @Test(arguments: [1, 2, 256, 1 << 20, 1 << 40])
    func `a table finds every serial number and no other, whatever their distance`(step: UInt64) {
        var table: [Name: UInt64] = [:]
        for number in 0..<5000 { table[Name(rawValue: UInt64(number) * step)] = UInt64(number) }
        #expect(table.count == 5000)
        #expect((0..<5000).allSatisfy { table[Name(rawValue: UInt64($0) * step)] == UInt64($0) })
        #expect(table[Name(rawValue: 5000 * step)] == nil)
        for number in 0..<4999 { table[Name(rawValue: UInt64(number) * step)] = nil }
        #expect(table == [Name(rawValue: 4999 * step): 4999])
    }

    @Test(arguments: [1, 2, 256, 1 << 20, 1 << 40])
    func `serial numbers are spread over the low bits, where tables look`(step: UInt64) {
        let places = Set((0..<1024).map { Name(rawValue: UInt64($0) * step)._rawHashValue(seed: 7) & 4095 })
        #expect(places.count > 512)
    }

    @Test func `the system's random numbers do not repeat, on several threads at once`() async {
        let words = await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    var entropy = Entropy.system
                    return (0..<2500).map { _ in entropy.next() }
                }
            }
            return await group.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
        }
        #expect(words.count == 10_000)
    }
}
