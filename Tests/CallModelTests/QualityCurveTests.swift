import CallModel
import Testing
import Wire

struct QualityCurveTests {
    @Test func `a short call has a point for each look`() {
        var curve = QualityCurve()
        for index in 0..<3 { curve.add(QualityCurve.Point(mos: 4 - Double(index))) }
        #expect(curve.points.map(\.mos) == [4, 3, 2])
        #expect(curve.looks == 1)
    }

    @Test func `a long call keeps its points few and its worst moment visible`() {
        var curve = QualityCurve()
        // A day of looks, one of them bad.
        for index in 0..<17_280 {
            let isBad = index == 9999
            curve.add(QualityCurve.Point(mos: isBad ? 1.2 : 4.3, loss: isBad ? 0.4 : 0, jitterMilliseconds: 3))
        }
        #expect(curve.points.count <= QualityCurve.limit)
        #expect(curve.points.filter { $0.mos == 1.2 }.count == 1)
        let place = curve.points.firstIndex { $0.loss == 0.4 } ?? 0
        #expect(place == 9999 / curve.looks)
        let seen = curve.points.count * curve.looks
        #expect(seen >= 17_280 && seen < 17_280 + curve.looks)
    }

    @Test func `what was not measured in one half is taken from the other`() {
        var curve = QualityCurve()
        for index in 0...QualityCurve.limit { curve.add(QualityCurve.Point(mos: index.isMultiple(of: 2) ? nil : 3)) }
        #expect(curve.looks == 2)
        #expect(curve.points.dropLast().allSatisfy { $0.mos == 3 })
        #expect(curve.points.last?.mos == nil)
    }
}
