/// An expression as steps that are followed in parallel, one character at a time (Pike's machine).
///
/// It never steps back: a number of n characters costs at most n times the number of steps.
struct ExpressionProgram: Sendable {
    static let maximumSteps = 2048

    private enum Step: Sendable {
        case take(ScalarSet)
        /// Goes on at both; the first is preferred.
        case split(Int, Int)
        case jump(Int)
        /// Remembers the place for a group.
        case mark(Int)
        case start
        case end
        case match
    }

    private var steps: [Step] = []
    /// Two marks for each group, the whole number being group 0.
    private var marks = 2
    /// Nodes compiled so far: repetitions of what takes no step cost time as well.
    private var compiled = 0

    init(_ tree: ExpressionNode) throws(NumberExpressionError) {
        try add(tree)
        steps.append(.match)
    }

    private mutating func emit(_ step: Step) throws(NumberExpressionError) {
        guard steps.count < Self.maximumSteps else { throw .tooLarge }
        steps.append(step)
    }

    private mutating func add(_ node: ExpressionNode) throws(NumberExpressionError) {
        compiled += 1
        guard compiled <= 4 * Self.maximumSteps else { throw .tooLarge }
        switch node {
        case .set(let set): try emit(.take(set))
        case .start: try emit(.start)
        case .end: try emit(.end)
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let branches): try add(branches)
        case .group(let inner, nil): try add(inner)
        case .group(let inner, let index?):
            marks = max(marks, 2 * index + 2)
            try emit(.mark(2 * index))
            try add(inner)
            try emit(.mark(2 * index + 1))
        case .repeated(let inner, let least, let most, let isLazy):
            for _ in 0..<least { try add(inner) }
            guard let most else { return try addEndless(inner, isLazy: isLazy) }
            for _ in least..<max(least, most) { try addOptional(inner, isLazy: isLazy) }
        }
    }

    private mutating func add(_ branches: [ExpressionNode]) throws(NumberExpressionError) {
        var exits: [Int] = []
        for (place, branch) in branches.enumerated() {
            let split = steps.count
            if place < branches.count - 1 { try emit(.split(split + 1, split + 1)) }
            try add(branch)
            guard place < branches.count - 1 else { continue }
            exits.append(steps.count)
            try emit(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        for exit in exits { steps[exit] = .jump(steps.count) }
    }

    private mutating func addEndless(_ inner: ExpressionNode, isLazy: Bool) throws(NumberExpressionError) {
        let split = steps.count
        try addOptional(inner, isLazy: isLazy, thenBackTo: split)
    }

    private mutating func addOptional(
        _ inner: ExpressionNode, isLazy: Bool, thenBackTo target: Int? = nil
    ) throws(NumberExpressionError) {
        let split = steps.count
        try emit(.split(split + 1, split + 1))
        try add(inner)
        if let target { try emit(.jump(target)) }
        steps[split] = isLazy ? .split(steps.count, split + 1) : .split(split + 1, steps.count)
    }
}

extension ExpressionProgram {
    private struct Thread {
        var step: Int
        var marks: [Int]
    }

    /// What the groups took of a text that matches as a whole; nil when it does not match.
    func run(_ text: [Unicode.Scalar]) -> [String?]? {
        var threads = follow([Thread(step: 0, marks: Array(repeating: -1, count: marks))], at: 0, of: text.count)
        for (place, scalar) in text.enumerated() {
            threads = threads.compactMap { thread in
                guard case .take(let set) = steps[thread.step], set.contains(scalar) else { return nil }
                return Thread(step: thread.step + 1, marks: thread.marks)
            }
            guard !threads.isEmpty else { return nil }
            threads = follow(threads, at: place + 1, of: text.count)
        }
        let matched = threads.first { if case .match = steps[$0.step] { true } else { false } }
        return matched.map { groups(of: text, $0.marks) }
    }

    /// The threads, in order of preference, that wait for a character or have matched; each step is visited once.
    private func follow(_ threads: [Thread], at place: Int, of length: Int) -> [Thread] {
        var reached: [Thread] = []
        var visited = Array(repeating: false, count: steps.count)
        var pending = Array(threads.reversed())
        while var thread = pending.popLast() {
            guard !visited[thread.step] else { continue }
            visited[thread.step] = true
            switch steps[thread.step] {
            case .take, .match:
                reached.append(thread)
                continue
            case .jump(let target): thread.step = target
            case .split(let first, let second):
                pending.append(Thread(step: second, marks: thread.marks))
                thread.step = first
            case .mark(let index):
                thread.marks[index] = place
                thread.step += 1
            case .start:
                guard place == 0 else { continue }
                thread.step += 1
            case .end:
                guard place == length else { continue }
                thread.step += 1
            }
            pending.append(thread)
        }
        return reached
    }

    private func groups(of text: [Unicode.Scalar], _ marks: [Int]) -> [String?] {
        var groups: [String?] = [Self.string(text[...])]
        for index in stride(from: 2, to: marks.count, by: 2) {
            let (from, to) = (marks[index], marks[index + 1])
            groups.append(from >= 0 && from <= to ? Self.string(text[from..<to]) : nil)
        }
        return groups
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
