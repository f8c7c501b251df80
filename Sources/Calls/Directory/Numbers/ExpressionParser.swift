/// What a part of an expression matches.
indirect enum ExpressionNode: Sendable {
    case set(ScalarSet)
    case start
    case end
    case sequence([ExpressionNode])
    case choice([ExpressionNode])
    /// `index` is nil for a group that is not numbered.
    case group(ExpressionNode, index: Int?)
    case repeated(ExpressionNode, least: Int, most: Int?, isLazy: Bool)
}

/// Some Unicode scalars, or all but some.
struct ScalarSet: Hashable, Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    static let digits = ScalarSet(ranges: [0x30...0x39])
    static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let blanks = ScalarSet(ranges: [0x09...0x0D, 0x20...0x20])
    static let all = ScalarSet(ranges: [], isNegated: true)

    var negated: ScalarSet { ScalarSet(ranges: ranges, isNegated: !isNegated) }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isNegated
    }
}

/// Reads an expression by recursive descent; the depth of groups is limited.
struct ExpressionParser {
    static let maximumDepth = 16
    static let maximumGroups = 9
    static let maximumRepetitions = 64

    private var rest: ArraySlice<Unicode.Scalar>
    private var groups = 0
    private var depth = 0

    init(_ text: String) { rest = ArraySlice(text.unicodeScalars) }

    mutating func parse() throws(NumberExpressionError) -> ExpressionNode {
        let node = try choice()
        guard rest.isEmpty else { throw .unbalanced }
        return node
    }

    private mutating func choice() throws(NumberExpressionError) -> ExpressionNode {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(NumberExpressionError) -> ExpressionNode {
        var parts: [ExpressionNode] = []
        while let next = rest.first, next != "|", next != ")" {
            let part = try atom()
            parts.append(try repetition(of: part))
        }
        return .sequence(parts)
    }

    private mutating func atom() throws(NumberExpressionError) -> ExpressionNode {
        guard let scalar = rest.popFirst() else { throw .unbalanced }
        switch scalar {
        case "^": return .start
        case "$": return .end
        case ".": return .set(.all)
        case "[": return .set(try bracket())
        case "(": return try group()
        case "\\": return .set(try escape())
        case "*", "+", "?", "{": throw .repetition
        case "]", "}": throw .unbalanced
        default: return .set(ScalarSet(ranges: [scalar.value...scalar.value]))
        }
    }

    private mutating func group() throws(NumberExpressionError) -> ExpressionNode {
        depth += 1
        defer { depth -= 1 }
        var index: Int?
        if take("?") {
            guard take(":") else { throw .repetition }
        } else {
            groups += 1
            index = groups
        }
        guard depth <= Self.maximumDepth, groups <= Self.maximumGroups else { throw .tooLarge }
        let inner = try choice()
        guard take(")") else { throw .unbalanced }
        return .group(inner, index: index)
    }

    private mutating func escape() throws(NumberExpressionError) -> ScalarSet {
        guard let scalar = rest.popFirst() else { throw .unbalanced }
        switch scalar {
        case "d": return .digits
        case "D": return ScalarSet.digits.negated
        case "w": return .word
        case "W": return ScalarSet.word.negated
        case "s": return .blanks
        case "S": return ScalarSet.blanks.negated
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar)
            else { throw .escape(Character(scalar)) }
            return ScalarSet(ranges: [scalar.value...scalar.value])
        }
    }
}

extension ExpressionParser {
    private mutating func bracket() throws(NumberExpressionError) -> ScalarSet {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while let scalar = rest.popFirst() {
            if scalar == "]" {
                guard !ranges.isEmpty else { throw .set }
                return ScalarSet(ranges: ranges, isNegated: isNegated)
            }
            guard scalar != "\\" else {
                let escaped = try escape()
                guard !escaped.isNegated else { throw .set }
                ranges += escaped.ranges
                continue
            }
            ranges.append(try range(from: scalar))
        }
        throw .unbalanced
    }

    /// `a` or `a-z`; a hyphen before the closing bracket stands for itself.
    private mutating func range(from first: Unicode.Scalar) throws(NumberExpressionError) -> ClosedRange<UInt32> {
        guard rest.first == "-", let last = rest.dropFirst().first, last != "]" else {
            return first.value...first.value
        }
        rest = rest.dropFirst(2)
        guard last != "\\", first.value <= last.value else { throw .set }
        return first.value...last.value
    }

    private mutating func repetition(of node: ExpressionNode) throws(NumberExpressionError) -> ExpressionNode {
        let bounds: (least: Int, most: Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if take("{") {
            bounds = try counts()
        } else {
            return node
        }
        return .repeated(node, least: bounds.least, most: bounds.most, isLazy: take("?"))
    }

    private mutating func counts() throws(NumberExpressionError) -> (Int, Int?) {
        guard let least = number() else { throw .repetition }
        var most: Int? = least
        if take(",") { most = rest.first == "}" ? nil : number() ?? -1 }
        guard take("}"), most.map({ $0 >= least }) ?? true else { throw .repetition }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = rest.first, ("0"..."9").contains(digit) {
            value = (value ?? 0) * 10 + Int(digit.value - 0x30)
            guard let reached = value, reached <= Self.maximumRepetitions else { return nil }
            rest.removeFirst()
        }
        return value
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }
}
