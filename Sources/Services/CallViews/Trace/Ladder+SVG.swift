import Wire

/// The ladder as a picture for a page or a ticket; no script, no outside reference.
extension Ladder {
    private static let column = 260
    private static let row = 26
    private static let top = 46
    private static let left = 130

    package var svg: String {
        let width = Self.left + max(1, parties.count) * Self.column
        let height = Self.top + (steps.count + 1) * Self.row
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
            font-family="ui-monospace, monospace" font-size="12" role="img" aria-label="SIP messages of the call">
            <defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
            <path d="M0 0 8 4 0 8z" fill="context-stroke"/></marker></defs>
            <rect width="100%" height="100%" fill="#fff"/>
            """
        ]
        for (index, party) in parties.enumerated() { parts.append(lifeLine(index, party, height)) }
        for (index, step) in steps.enumerated() { parts.append(arrow(step, y: Self.top + (index + 1) * Self.row)) }
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private func x(_ party: Int) -> Int { Self.left + party * Self.column }

    private func lifeLine(_ index: Int, _ name: String, _ height: Int) -> String {
        """
        <text x="\(x(index))" y="22" text-anchor="middle" font-weight="bold">\(Markup.escaped(name))</text>
        <path d="M\(x(index)) 32V\(height - 8)" stroke="#bbb"/>
        """
    }

    private func arrow(_ step: Step, y: Int) -> String {
        let middle = (x(step.from) + x(step.to)) / 2
        let label = Markup.escaped(String(step.label.prefix(60)))
        return """
            <text x="8" y="\(y + 4)" fill="#777">\(Self.seconds(step.milliseconds))</text>
            <path d="M\(x(step.from)) \(y)H\(x(step.to))" stroke="\(Self.colour(step.label))" marker-end="url(#head)"/>
            <text x="\(middle)" y="\(y - 5)" text-anchor="middle">\(label)</text>
            """
    }

    /// Failures stand out, answers are calm, requests neutral.
    private static func colour(_ label: String) -> String {
        switch label.first {
        case "1": "#68a"
        case "2": "#283"
        case "3", "4", "5", "6": "#c33"
        default: "#333"
        }
    }
}
