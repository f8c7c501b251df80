import Wire

/// As part of a kept diagnosis.
extension LegTrouble {
    func write(to text: inout CompactWriter) {
        text.write(leg) { $0.write($1) }
        text.write(party)
        text.write(isTrunk)
        text.write(offered) { $0.write($1) }
        text.write(kind.word)
        switch kind {
        case .refused(let status, let words):
            text.write(status)
            text.write(words)
        case .silent(let time), .unacknowledged(let time): text.write(time.wholeMilliseconds)
        case .noWay(let obstacle): obstacle.write(to: &text)
        case .nobodyThere(let wrongPassword): text.write(wrongPassword) { $0.write($1.wholeMilliseconds) }
        case .badAnswer, .peerGone, .expired: break
        }
    }

    init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        let leg = try text.optional { text throws(CompactReader.Unreadable) in try text.count() }
        let (party, isTrunk) = (try text.word(), try text.flag())
        let offered = try text.list { text throws(CompactReader.Unreadable) in try text.word() }
        self.init(leg: leg, party: party, isTrunk: isTrunk, try Kind(from: &text), offered: offered)
    }
}

extension LegTrouble.Kind {
    /// As it is printed, too.
    var word: String {
        switch self {
        case .refused: "refused"
        case .silent: "silent"
        case .noWay: "no way"
        case .nobodyThere: "nobody there"
        case .badAnswer: "bad answer"
        case .unacknowledged: "unacknowledged"
        case .peerGone: "peer gone"
        case .expired: "expired"
        }
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        switch try text.word() {
        case "refused": self = .refused(status: try text.count(), words: try text.word())
        case "silent": self = .silent(for: .milliseconds(try text.signed()))
        case "no way": self = .noWay(try LegTrouble.Obstacle(from: &text))
        case "nobody there":
            self = .nobodyThere(
                wrongPassword: try text.optional { text throws(CompactReader.Unreadable) in
                    .milliseconds(try text.signed())
                })
        case "bad answer": self = .badAnswer
        case "unacknowledged": self = .unacknowledged(for: .milliseconds(try text.signed()))
        case "peer gone": self = .peerGone
        case "expired": self = .expired
        default: throw CompactReader.Unreadable()
        }
    }
}

extension LegTrouble.Obstacle {
    private var word: String {
        switch self {
        case .noTrunk: "no trunk"
        case .noChannel: "no channel"
        case .unknownName: "unknown name"
        case .noNumber: "no number"
        case .secureConnection: "secure connection"
        case .connection: "connection"
        case .limits: "limits"
        }
    }

    fileprivate func write(to text: inout CompactWriter) {
        text.write(word)
        switch self {
        case .secureConnection(let words): text.write(words)
        case .connection(let words): text.write(words)
        case .noTrunk, .noChannel, .unknownName, .noNumber, .limits: break
        }
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        switch try text.word() {
        case "no trunk": self = .noTrunk
        case "no channel": self = .noChannel
        case "unknown name": self = .unknownName
        case "no number": self = .noNumber
        case "secure connection": self = .secureConnection(try text.word())
        case "connection": self = .connection(try text.optionalWord())
        case "limits": self = .limits
        default: throw CompactReader.Unreadable()
        }
    }
}
