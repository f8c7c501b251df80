import RTP
import Testing
import Wire

struct EModelTests {
    private func rating(
        _ codec: CodecImpairment = .g711, delay: Int = 0, loss: Double = 0, burstRatio: Double = 1
    ) -> Double {
        EModel.rating(of: codec, delay: .milliseconds(delay), loss: loss, burstRatio: burstRatio)
    }

    @Test func `with everything at its default R is 93 2, and that sounds like 4 41`() {
        #expect(rating() == 93.2)
        #expect(abs(EModel.meanOpinionScore(of: 93.2) - 4.41) < 0.005)
    }

    /// G.107 annex B table B.1.
    @Test(arguments: [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)] as [(Double, Double)])
    func `ratings map to scores as the recommendation prints them`(rating: Double, score: Double) {
        #expect(abs(EModel.meanOpinionScore(of: rating) - score) < 0.01)
    }

    /// Idd of G.107 equation 7-27, worked out by hand.
    @Test(arguments: [(0, 0), (100, 0), (150, 0.16), (200, 3.04), (300, 14.76), (400, 24.07)] as [(Int, Double)])
    func `delay costs nothing up to 100 ms and much from 200 ms on`(milliseconds: Int, cost: Double) {
        #expect(abs(EModel.delayImpairment(.milliseconds(Int64(milliseconds))) - cost) < 0.02)
    }

    /// 95 · Ppl / (Ppl + Bpl) with the Bpl of G.113 appendix I.
    @Test(arguments: [(0.01, 3.64), (0.02, 7.01), (0.05, 15.78), (0.1, 27.07)] as [(Double, Double)])
    func `random loss costs concealed G 711 what G 113 says`(loss: Double, cost: Double) {
        #expect(abs(93.2 - rating(loss: loss) - cost) < 0.01)
    }

    @Test func `without concealment the same loss is far worse`() {
        #expect(abs(93.2 - rating(.g711WithoutConcealment, loss: 0.02) - 30.16) < 0.01)
        #expect(rating(.opus, loss: 0.02) < rating(.g711, loss: 0.02))
        #expect(rating(.opus, loss: 0.02) > rating(.g711WithoutConcealment, loss: 0.02))
    }

    @Test func `lost in a row is worse than lost one by one`() {
        #expect(abs(93.2 - rating(loss: 0.05, burstRatio: 2) - 17.21) < 0.01)
        #expect(rating(loss: 0.05, burstRatio: 0.2) == rating(loss: 0.05))
    }

    @Test(arguments: [CodecImpairment.g711, .g711WithoutConcealment, .g722, .opus])
    func `more loss or more delay never sounds better`(codec: CodecImpairment) {
        var (last, lastScore) = (101.0, 4.6)
        for step in 0...100 {
            let now = rating(codec, loss: Double(step) / 100)
            let score = EModel.meanOpinionScore(of: now)
            #expect(now <= last && score <= lastScore)
            (last, lastScore) = (now, score)
        }
        last = 101
        for delay in stride(from: 0, through: 2000, by: 20) {
            let now = rating(codec, delay: delay, loss: 0.01)
            #expect(now <= last)
            last = now
        }
    }

    @Test func `scores stay between 1 and 4 5 whatever comes in`() {
        for rating in stride(from: -50.0, through: 150, by: 0.5) {
            #expect((1...4.5).contains(EModel.meanOpinionScore(of: rating)))
        }
        for loss in [-1, 0, 1, 7] as [Double] {
            #expect((0...100).contains(rating(delay: 100_000, loss: loss)))
        }
        #expect(EModel.rating(of: .g711, delay: .zero, loss: 0, advantage: 1000) == 100)
    }
}
