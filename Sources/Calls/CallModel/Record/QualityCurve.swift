import Wire

/// How a leg sounded over its life, one point for each look, within a fixed number of points.
///
/// When it is full each two neighbours become one, the worse of both: a bad moment of a long call stays to be seen.
package struct QualityCurve: Hashable, Sendable {
    /// One stretch of time; what was not measured in it is nil.
    package struct Point: Hashable, Sendable {
        /// 1 … 4.5, the worse of both ways.
        package var mos: Double?
        /// Share of packets lost, 0 … 1, the worse of both ways.
        package var loss: Double?
        package var jitterMilliseconds: Double?

        package init(mos: Double? = nil, loss: Double? = nil, jitterMilliseconds: Double? = nil) {
            (self.mos, self.loss, self.jitterMilliseconds) = (mos, loss, jitterMilliseconds)
        }

        /// The worse of two.
        fileprivate func joined(with other: Point) -> Point {
            Point(
                mos: [mos, other.mos].compactMap(\.self).min(), loss: [loss, other.loss].compactMap(\.self).max(),
                jitterMilliseconds: [jitterMilliseconds, other.jitterMilliseconds].compactMap(\.self).max())
        }
    }

    /// Ten minutes of looks before the first are joined.
    package static let limit = 120

    /// Oldest first.
    package private(set) var points: [Point] = []
    /// Looks that a point stands for; the last may have fewer.
    package private(set) var looks = 1
    /// Looks in the last point.
    private var latest = 0

    package init() {}

    /// One that is whole.
    init(points: [Point], looks: Int) { (self.points, self.looks, latest) = (points, looks, looks) }

    package var isEmpty: Bool { points.isEmpty }

    package mutating func add(_ point: Point) {
        if latest > 0, latest < looks, let last = points.popLast() {
            points.append(last.joined(with: point))
            latest += 1
            return
        }
        if points.count == Self.limit { thin() }
        points.append(point)
        latest = 1
    }

    private mutating func thin() {
        points = stride(from: 0, to: points.count, by: 2).map { points[$0].joined(with: points[$0 + 1]) }
        looks *= 2
    }
}

// MARK: - As JSON

extension QualityCurve {
    /// `{"seconds": 5, "mos": […], "loss": […], "jitter": […]}`: how long a point is, and a list for each figure.
    func write(to json: inout JSONText) {
        json.member("seconds", looks * Self.secondsBetweenLooks)
        json.member("mos", array: { for point in points { $0.element(rounded(point.mos, 100)) } })
        json.member("loss", array: { for point in points { $0.element(rounded(point.loss, 10_000)) } })
        json.member("jitter", array: { for point in points { $0.element(rounded(point.jitterMilliseconds, 10)) } })
    }

    /// How often the legs of a call are looked at.
    package static let secondsBetweenLooks = 5
}
