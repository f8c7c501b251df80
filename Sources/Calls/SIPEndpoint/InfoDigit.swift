import Wire

/// A digit sent by INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`) or `application/dtmf` (`5`).
struct InfoDigit: Equatable {
    let character: Character
    /// Of the key press; 160 when it is not said.
    let milliseconds: Int

    private static let usual = 160
    private static let longest = 5000

    init?(contentType: String?, body: [UInt8]) {
        guard body.count <= 256 else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        switch contentType?.split(separator: ";").first.map({ $0.lowercased() }) {
        case "application/dtmf": self.init(signal: text, duration: nil)
        case "application/dtmf-relay":
            let fields = Self.fields(text)
            guard let signal = fields["signal"] else { return nil }
            self.init(signal: signal, duration: fields["duration"])
        default: return nil
        }
    }

    private init?(signal: String, duration: String?) {
        let trimmed = signal.filter { !$0.isWhitespace }
        guard trimmed.count == 1, let key = trimmed.uppercased().first, "0123456789*#ABCD".contains(key) else {
            return nil
        }
        character = key
        let length = duration.flatMap { ASCII.decimal($0.utf8, maximumDigits: 6) }.map(Int.init)
        milliseconds = min(max(length ?? Self.usual, 40), Self.longest)
    }

    /// `name=value` lines, names in lower case.
    private static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            fields[parts[0].filter { !$0.isWhitespace }.lowercased()] = parts[1].filter { !$0.isWhitespace }
        }
        return fields
    }
}
