/// Rows for a person at a terminal: columns as wide as their widest cell, two blanks between.
struct TextTable: CustomStringConvertible {
    let titles: [String]
    var rows: [[String]] = []

    init(_ titles: String...) { self.titles = titles }

    var description: String {
        let lines = [titles] + rows
        let widths = titles.indices.map { column in
            lines.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return lines.map { cells in
            let padded = zip(cells, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            var line = padded.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
