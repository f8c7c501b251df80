import Wire

/// The curves of one leg as a picture: the score, the loss and the jitter over the time of the call.
struct CurvePicture {
    private let seconds: Int64
    private let figures: [Figure]

    /// One curve with its scale.
    private struct Figure {
        let name: String
        let unit: String
        let values: [Double?]
        let bottom: Double
        /// At least this much is shown, so that small noise does not look like a storm.
        let top: Double
        let colour: String
    }

    private static let width = 640.0
    private static let height = 90.0
    private static let margin = 70.0

    /// Nil when nothing was measured; `curve` is what `QualityCurve` wrote.
    init?(_ curve: JSONValue?) {
        guard let curve, let seconds = curve["seconds"]?.integerValue, seconds > 0 else { return nil }
        func values(_ name: String) -> [Double?] { curve[name]?.arrayValue?.map(\.doubleValue) ?? [] }
        let (mos, loss, jitter) = (values("mos"), values("loss").map { $0.map { $0 * 100 } }, values("jitter"))
        guard [mos, loss, jitter].joined().contains(where: { $0 != nil }) else { return nil }
        func most(_ values: [Double?], _ least: Double) -> Double { max(least, values.compactMap(\.self).max() ?? 0) }
        self.seconds = seconds
        figures = [
            Figure(name: "MOS", unit: "", values: mos, bottom: 1, top: 4.5, colour: "var(--good)"),
            Figure(name: "loss", unit: " %", values: loss, bottom: 0, top: most(loss, 5), colour: "var(--bad)"),
            Figure(name: "jitter", unit: " ms", values: jitter, bottom: 0, top: most(jitter, 20), colour: "var(--odd)"),
        ]
    }

    var svg: String {
        let height = Self.height * Double(figures.count) + 24
        let whole = Self.width + Self.margin + 10
        let parts = figures.enumerated().map { draw($1, at: Double($0) * Self.height) }
        return """
            <svg viewBox="0 0 \(Int(whole)) \(Int(height))" role="img" aria-label="MOS, loss and jitter over time">
            \(parts.joined(separator: "\n"))
            <text x="\(Int(Self.margin))" y="\(Int(height) - 6)">0 s</text>
            <text x="\(Int(Self.margin + Self.width))" y="\(Int(height) - 6)" text-anchor="end">\(duration) s</text>
            </svg>
            """
    }

    private var duration: Int64 { seconds * Int64(figures.first?.values.count ?? 0) }

    private func draw(_ figure: Figure, at top: Double) -> String {
        let (upper, lower) = (top + 14, top + Self.height - 10)
        return """
            <path class="axis" d="M\(Int(Self.margin)) \(Int(upper))V\(Int(lower))H\(Int(Self.margin + Self.width))"/>
            <text x="0" y="\(Int(upper + lower) / 2)">\(figure.name)</text>
            <text x="\(Int(Self.margin) - 6)" y="\(Int(upper) + 4)" text-anchor="end">\(short(figure.top))\(figure.unit)</text>
            <text x="\(Int(Self.margin) - 6)" y="\(Int(lower))" text-anchor="end">\(short(figure.bottom))</text>
            <path class="curve" stroke="\(figure.colour)" d="\(path(figure, upper, lower))"/>
            """
    }

    /// A line with a step for each point, so that a single one is seen; a gap where nothing was measured.
    private func path(_ figure: Figure, _ upper: Double, _ lower: Double) -> String {
        let step = Self.width / Double(figure.values.count)
        var path = ""
        var isDrawing = false
        for (index, value) in figure.values.enumerated() {
            guard let value else {
                isDrawing = false
                continue
            }
            let share = min(max((value - figure.bottom) / (figure.top - figure.bottom), 0), 1)
            let (x, y) = (Self.margin + Double(index) * step, lower - share * (lower - upper))
            path += "\(isDrawing ? "L" : "M")\(short(x)) \(short(y))H\(short(x + step))"
            isDrawing = true
        }
        return path
    }

    /// One decimal at most.
    private func short(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
