import CallModel
import Testing
import Wire

@testable import Mango

struct MangoStatisticsTests {
    @Test func `lines of one call are one call, and what cannot be read is left out`() throws {
        let text = """
            E1;1700000000;1700000065;1700000005;;79161234567;101;sip:anna@x;1110;74951234567\r
            "E2";1700000000;1700000009;0;;79161234568;101;;1121;74951234567
            E1;1700000065;1700000090;1700000070;;79161234567;102;;1110;74951234567
            ;1700000000;1700000001;0;;1;2;;1100;3
            E3;yesterday;1700000001;0;;1;2;;1100;3
            E4;1700000000
            E5;1700000000;1700000030;1700000010;101;;;79161234569;1120;74951234567
            """
        let entries = MangoStatistics.entries(text)
        #expect(entries.map(\.entryID) == ["E1", "E2", "E5"])
        let facts = try entries.map { try #require($0.facts) }
        #expect(facts[0].state == .completed && facts[0].duration == 85 && facts[0].house.extension == "102")
        #expect(facts[1].state == .busy && facts[1].clientNumber == "79161234568")
        #expect(facts[2].direction == .outgoing && facts[2].clientNumber == "79161234569" && facts[2].duration == 20)
    }

    @Test(arguments: ["", ";", ";;;;;;;;;;", "\n\n", "a;99999999999999999999;1;1;1;1;1;1;1;1", "\u{0}"])
    func `nonsense is no call`(text: String) { #expect(MangoStatistics.entries(text).isEmpty) }
}
