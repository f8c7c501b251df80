package import Wire

/// What a check found out about a trunk: line by line, and for each that is not well, what to do about it.
package struct TrunkReport: Hashable, Sendable {
    package enum Verdict: String, Sendable {
        case ok
        /// Works, but not as well as it could, or not for everything.
        case warn
        case failed
    }

    /// The parts of a check, in the order they are made.
    package enum Step: String, Sendable, CaseIterable {
        case names
        case connection
        case options
        case registration
        case call

        var title: String {
            switch self {
            case .names: "Name service"
            case .connection: "Connections"
            case .options: "OPTIONS"
            case .registration: "Registration"
            case .call: "Test call"
            }
        }
    }

    package struct Line: Hashable, Sendable {
        package let step: Step
        package let verdict: Verdict
        package let text: String
        /// What to do; nil where nothing is to be done.
        package let advice: String?

        package init(_ step: Step, _ verdict: Verdict, _ text: String, advice: String? = nil) {
            (self.step, self.verdict, self.text, self.advice) = (step, verdict, text, advice)
        }
    }

    package let trunk: String
    package private(set) var lines: [Line] = []

    package init(trunk: String) { self.trunk = trunk }

    package mutating func add(_ more: [Line]) { lines += more }

    /// Nothing failed.
    package var isGood: Bool { lines.allSatisfy { $0.verdict != .failed } }

    private func count(_ verdict: Verdict) -> Int { lines.count { $0.verdict == verdict } }
}

extension TrunkReport {
    /// For people: a paragraph for each part, the advice under its line, and the outcome at the end.
    package var text: String {
        var text = "Trunk \(trunk)\n"
        for step in Step.allCases {
            let part = lines.filter { $0.step == step }
            if part.isEmpty { continue }
            text += "\n\(step.title)\n"
            for line in part {
                let mark = line.verdict.rawValue
                text += "  \(mark)\(String(repeating: " ", count: 8 - mark.utf8.count))\(line.text)\n"
                if let advice = line.advice { text += "          → \(advice)\n" }
            }
        }
        return text + "\n\(outcome)\n"
    }

    /// For programs.
    package var json: JSONValue {
        let lines = lines.map { line -> JSONValue in
            [
                "step": .string(line.step.rawValue), "verdict": .string(line.verdict.rawValue),
                "text": .string(line.text), "advice": JSONValue(line.advice),
            ]
        }
        return ["trunk": .string(trunk), "ok": .bool(isGood), "lines": .array(lines)]
    }

    private var outcome: String {
        let (failures, warnings) = (count(.failed), count(.warn))
        if failures > 0 { return "The trunk does not work: \(Self.number(failures, "failure"))." }
        return warnings == 0 ? "All is well." : "The trunk works, with \(Self.number(warnings, "warning"))."
    }

    private static func number(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
