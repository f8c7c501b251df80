import Reactor
import TestKit
import Wire

/// The network of one wave: calm, or as bad as the seed makes it.
struct Weather: CustomStringConvertible {
    /// The most that is ever lost.
    private static let worstLoss = 0.3

    let conditions: LinkConditions
    /// Nothing is lost, so that a timeout needs somebody who was switched off.
    let isCalm: Bool

    /// Every fourth wave is calm: what goes wrong there, the network did not do.
    init(wave: Int, _ chance: inout Chance) {
        isCalm = wave % 4 == 0
        guard !isCalm else {
            conditions = LinkConditions(delay: .milliseconds(1) ... .milliseconds(5))
            return
        }
        let slowest = chance.pick([20, 120, 400, 1000])
        conditions = LinkConditions(
            delay: .milliseconds(1) ... .milliseconds(slowest), loss: chance.fraction(upTo: Self.worstLoss),
            duplication: chance.fraction(upTo: 0.15))
    }

    var description: String {
        let (loss, doubled) = (Int(conditions.loss * 100), Int(conditions.duplication * 100))
        return "loss \(loss) %, doubled \(doubled) %, delay up to \(conditions.delay.upperBound.wholeMilliseconds) ms"
    }
}
