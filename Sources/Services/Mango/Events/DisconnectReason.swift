package import CallModel
import Wire

/// Why a leg ended: a number of the vendor's list (VPBX API, 02.06.2025), or a word of the JSON dialect.
package struct DisconnectReason: Hashable, Sendable {
    /// As it is kept with the record.
    package let text: String
    private let meaning: Meaning

    private enum Meaning: Hashable {
        /// Somebody hung up.
        case normal
        case noAnswer
        case busy
        case declined
        /// It did not get where it was sent to.
        case unreachable
        /// Another leg took the call over: says nothing of the call.
        case intercepted
        /// The account, the request or the exchange.
        case failed
        case unknown
    }

    /// A number or a word; an empty one is no reason.
    package init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        let code = ASCII.decimal(text.utf8, maximumDigits: 6)
        self.text = String(text.prefix(20))
        meaning = code.map { Self.meaning(of: Int($0)) } ?? Self.words[text.lowercased()] ?? .unknown
    }

    var isNormal: Bool { meaning == .normal }
    /// 1100 and 1120: with nothing else known, earlier systems took the call for answered.
    var impliesAnswer: Bool { text == "1100" || text == "1120" }
    var isIntercepted: Bool { meaning == .intercepted }

    /// How a call that nobody answered ended, and why.
    package static func ending(_ reason: DisconnectReason?, isIncoming: Bool) -> (state: CallState, reason: EndReason?)
    {
        switch reason?.meaning {
        case .normal, .intercepted:
            isIncoming ? (.missed, .callerCancelled) : (.noAnswer, .noAnswer)
        case .noAnswer: (.noAnswer, .noAnswer)
        case .busy: (.busy, .busy)
        case .declined: (.rejected, .rejected)
        case .unreachable: isIncoming ? (.missed, .notFound) : (.failed, .notFound)
        case .failed: (.failed, .upstreamFailed)
        case .unknown, nil: (.missed, nil)
        }
    }

    /// Who hung up on a call that was answered; nil when the reason does not say.
    package var endOfTalk: EndReason? {
        switch text {
        case "1110": .callerHangup
        case "1120": .calleeHangup
        default: nil
        }
    }

    /// A number that is not in the list is read as its class: 2219 as 2210, 1090 as 1000.
    private static func meaning(of code: Int) -> Meaning {
        for step in [1, 10, 100, 1000] {
            let rounded = code / step * step
            if let known = codes[rounded] { return known }
        }
        return (2000...5999).contains(code) ? .failed : .unknown
    }

    private static let codes: [Int: Meaning] = {
        let lists: [(Meaning, [Int])] = [
            (.normal, [1000, 1100, 1110, 1120, 1170, 1180, 1181, 1300]),
            // 1102 and 1101 are in no list of the vendor; earlier systems read them so.
            (.noAnswer, [1102, 1111, 1125, 1310, 1311, 1313, 1314]),
            (.busy, [1101, 1121, 1123, 1124, 1193, 1312]),
            (.declined, [1122]),
            (
                .unreachable,
                Array(1130...1135) + [1140] + Array(1150...1152) + Array(1160...1164) + [1171] + Array(1190...1192)
            ),
            (.intercepted, [1182, 1183]),
        ]
        return lists.reduce(into: [:]) { table, list in for code in list.1 { table[code] = list.0 } }
    }()

    private static let words: [String: Meaning] = [
        "normal": .normal, "no_answer": .noAnswer, "timeout": .noAnswer, "busy": .busy,
    ]
}
