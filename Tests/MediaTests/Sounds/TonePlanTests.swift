import Testing
import Wire

@testable import Media

struct TonePlanTests {
    struct Expectation: Sendable {
        let name: String
        let tone: @Sendable (TonePlan) -> CallTone
        let frequencies: [Double]
        let on: Double
        let off: Double
    }

    private static let expectations = [
        Expectation(name: "RU", tone: \.ringBack, frequencies: [425], on: 1, off: 4),
        Expectation(name: "RU", tone: \.busy, frequencies: [425], on: 0.35, off: 0.35),
        Expectation(name: "RU", tone: \.congestion, frequencies: [425], on: 0.175, off: 0.175),
        Expectation(name: "US", tone: \.ringBack, frequencies: [440, 480], on: 2, off: 4),
        Expectation(name: "US", tone: \.busy, frequencies: [480, 620], on: 0.5, off: 0.5),
        Expectation(name: "US", tone: \.congestion, frequencies: [480, 620], on: 0.25, off: 0.25),
        Expectation(name: "EU", tone: \.ringBack, frequencies: [425], on: 1, off: 4),
        Expectation(name: "EU", tone: \.busy, frequencies: [425], on: 0.5, off: 0.5),
        Expectation(name: "EU", tone: \.congestion, frequencies: [425], on: 0.25, off: 0.25),
    ]

    @Test(arguments: expectations)
    func `each country's tone has its frequencies, its level and its cadence`(expected: Expectation) throws {
        let plan = try #require(TonePlan(named: expected.name))
        let samples = expected.tone(plan).samples().map(Double.init)
        let sounding = Int((expected.on * 8000).rounded())
        #expect(samples.count == Int(((expected.on + expected.off) * 8000).rounded()))
        #expect(samples[sounding...].allSatisfy { $0 == 0 })
        let tone = Array(samples[..<sounding])
        #expect(Ear.longestGap(tone) < 10)
        let shares = expected.frequencies.map { Ear.share(of: $0, in: tone) }
        #expect(shares.reduce(0, +) > 0.95)
        #expect(shares.allSatisfy { abs($0 - 1 / Double(shares.count)) < 0.1 })
        let decibels = 20 * Ear.decimalLogarithm(Ear.level(tone) / (22_740 / 2.0.squareRoot()))
        #expect(abs(decibels + 13) < 0.5)
        // Nothing clicks where it begins and ends.
        #expect(abs(tone[0]) < 100 && abs(tone[sounding - 1]) < 100)
    }

    @Test func `plans have names in either case, and others have none`() {
        #expect(TonePlan(named: "ru") == .russia)
        #expect(TonePlan(named: "EU") == .europe)
        #expect(TonePlan(named: "FR") == nil)
    }
}
