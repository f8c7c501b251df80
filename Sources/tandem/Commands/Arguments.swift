/// The words after a command, told apart: options with a value (`--name X` or `--name=X`), flags, and the rest.
struct Arguments {
    private(set) var words: [String] = []
    private var values: [String: [String]] = [:]
    private var flags: Set<String> = []

    /// Options may be repeated; `--` ends them.
    init(_ list: some Sequence<String>, options: Set<String> = [], flags known: Set<String> = []) throws(CommandError) {
        var rest = Array(list)[...]
        var readsOptions = true
        while let word = rest.popFirst() {
            guard readsOptions, word.hasPrefix("--") else {
                words.append(word)
                continue
            }
            guard word != "--" else {
                readsOptions = false
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0]
            if options.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw .usage("\(name) needs a value")
                }
                values[name, default: []].append(value)
            } else if known.contains(name), parts.count == 1 {
                flags.insert(name)
            } else {
                throw .usage("there is no option \(name)")
            }
        }
    }

    /// The last value given; nil when there is none.
    func value(_ option: String) -> String? { values[option]?.last }
    func values(_ option: String) -> [String] { values[option] ?? [] }
    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// The words by their names, all of them and no more.
    func exactly(_ names: String...) throws(CommandError) -> [String] {
        guard words.count >= names.count else { throw .usage("\(names[words.count]) is missing") }
        guard words.count == names.count else { throw .usage("\"\(words[names.count])\" is too much") }
        return words
    }
}

/// Why a command did nothing.
enum CommandError: Error, Equatable {
    /// The line makes no sense (exit status 64).
    case usage(String)
    /// It makes sense and cannot be done (exit status 1).
    case refused(String)
}
