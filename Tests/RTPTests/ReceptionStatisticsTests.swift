import RTP
import Testing
import Wire

struct ReceptionStatisticsTests {
    @Test func `a perfect stream loses nothing and does not jitter`() {
        var statistics = ReceptionStatistics(clockRate: 8000)
        for index in 0..<100 {
            statistics.count(header(UInt16(index), UInt32(index) * 160), at: .ms(UInt64(index) * 20))
        }
        #expect(statistics.received == 100)
        #expect(statistics.lost == 0)
        #expect(statistics.jitter == 0)
    }

    @Test func `loss is counted across the wrap of the numbers`() throws {
        var statistics = ReceptionStatistics(clockRate: 8000)
        for number in 65_000..<66_000 where number % 10 != 0 {
            statistics.count(header(UInt16(truncatingIfNeeded: number), 0), at: .ms(0))
        }
        #expect(statistics.received == 900)
        #expect(statistics.lost == 99)
        #expect(statistics.extendedHighest == 65_999)
        let report = try need(statistics.makeReport(at: .ms(1)))
        #expect(report.cumulativeLost == 99)
        #expect(report.fractionLost == UInt8(99 * 256 / 999))
        let second = try need(statistics.makeReport(at: .ms(2)))
        #expect(second.fractionLost == 0)
    }

    @Test func `runs of missing packets are counted, whatever their length`() {
        var statistics = ReceptionStatistics(clockRate: 8000)
        for number: UInt16 in [65_530, 65_531, 65_535, 1, 2, 9] { statistics.count(header(number, 0), at: .ms(0)) }
        #expect(statistics.gaps == 3)
        #expect(statistics.lost == 10)
    }

    @Test func `late and double packets make up for loss, at most`() {
        var statistics = ReceptionStatistics(clockRate: 8000)
        for number: UInt16 in [1, 2, 4, 3, 5, 5] { statistics.count(header(number, 0), at: .ms(0)) }
        #expect(statistics.lost == 0)
        #expect(statistics.extendedHighest == 5)
    }

    @Test func `jitter follows appendix A 8`() {
        var statistics = ReceptionStatistics(clockRate: 8000)
        // Every second packet comes 10 ms (80 ticks) late: the estimate tends to 80.
        for index in 0..<500 {
            let late: UInt64 = index % 2 == 0 ? 0 : 10
            statistics.count(header(UInt16(index), UInt32(index) * 160), at: .ms(UInt64(index) * 20 + late))
        }
        #expect((75...80).contains(statistics.jitter))
        #expect(statistics.jitterDuration > .milliseconds(9))
    }

    @Test func `a restart of the source begins another count and keeps the losses`() {
        var statistics = ReceptionStatistics(clockRate: 8000)
        for number: UInt16 in [1, 2, 5] { statistics.count(header(number, 0), at: .ms(0)) }
        for number: UInt16 in [40_000, 40_001, 40_003] { statistics.count(header(number, 0), at: .ms(0)) }
        #expect(statistics.lost >= 2 && statistics.lost <= 4)
        statistics.count(header(9, 0, ssrc: 1234), at: .ms(0))
        #expect(statistics.ssrc == 1234)
        #expect(statistics.extendedHighest == 9)
    }

    @Test func `the answer to a sender report carries its time and the delay`() throws {
        var statistics = ReceptionStatistics(clockRate: 8000)
        statistics.count(header(1, 0), at: .ms(0))
        statistics.heardSenderReport(from: 7, NTPTime(value: 0x1111_2222_3333_4444), at: .ms(10))
        let report = try need(statistics.makeReport(at: .ms(510)))
        #expect(report.lastSenderReport == 0x2222_3333)
        #expect(report.delaySinceLastReport == 0x8000)
    }

    @Test func `there is no report before the first packet`() {
        var statistics = ReceptionStatistics(clockRate: 8000)
        let report = statistics.makeReport(at: .ms(0))
        #expect(report == nil)
    }
}
