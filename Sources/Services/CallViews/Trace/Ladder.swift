package import SIP
import Wire

/// The messages of a call between the parties that exchanged them, ready to be drawn.
package struct Ladder: Sendable {
    package struct Step: Sendable {
        /// Since the first message.
        package let milliseconds: Int64
        package let from: Int
        package let to: Int
        /// `INVITE` or `180 Ringing`, with what else matters at a glance.
        package let label: String
        package let transport: String
    }

    /// Addresses of the peers, and ourselves as `tandem` after the first of them.
    package let parties: [String]
    package let steps: [Step]

    package init(_ trace: SIPTrace) {
        var peers: [SocketAddress] = []
        for message in trace.messages where !peers.contains(message.remote) { peers.append(message.remote) }
        let own = min(1, peers.count)
        var names = peers.map { "\($0)" }
        names.insert("tandem", at: own)
        parties = names
        let start = trace.messages.first?.at.milliseconds ?? 0
        steps = trace.messages.map { message in
            let place = peers.firstIndex(of: message.remote) ?? 0
            let peer = place < own ? place : place + 1
            return Step(
                milliseconds: message.at.milliseconds - start, from: message.isIncoming ? peer : own,
                to: message.isIncoming ? own : peer, label: Self.label(message), transport: message.transport)
        }
    }

    /// The start line's essence, and whether a session description goes along.
    private static func label(_ message: TracedMessage) -> String {
        let head = message.bytes.prefix { $0 != ASCII.carriageReturn && $0 != ASCII.lineFeed }
        let words = String(decoding: head.prefix(120), as: UTF8.self).split(separator: " ", maxSplits: 2)
        let isResponse = words.first == "SIP/2.0"
        let essence = shown(isResponse ? words.dropFirst().joined(separator: " ") : String(words.first ?? "?"))
        return message.hasDescription ? essence + " (SDP)" : essence
    }

    /// A peer's words without what would command a terminal or turn the text around.
    private static func shown(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension TracedMessage {
    /// Whether its body is a session description, which begins with its version.
    fileprivate var hasDescription: Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        return text[end.upperBound...].hasPrefix("v=0")
    }
}

// MARK: - As text

extension Ladder {
    private static let column = 34

    /// One column for each party, one line for each message.
    package var text: String {
        let margin = String(repeating: " ", count: 12)
        var lines = [margin + parties.map { Self.padded($0, Self.column) }.joined()]
        for step in steps { lines.append(Self.padded(Self.seconds(step.milliseconds), 12) + drawn(step)) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The life lines of all parties with the arrow between two of them.
    private func drawn(_ step: Step) -> String {
        let (left, right) = (min(step.from, step.to), max(step.from, step.to))
        let room = (right - left) * Self.column - 1
        let label = " \(step.label.prefix(room - 6)) "
        let dashes = max(0, room - label.count - 1)
        let before = dashes / 2
        let body = String(repeating: "-", count: before) + label + String(repeating: "-", count: dashes - before)
        let arrow = step.from < step.to ? body + ">" : "<" + body
        let life = "|" + String(repeating: " ", count: Self.column - 1)
        let trailing = parties.count - right - 1
        let start = String(repeating: life, count: left) + "|" + arrow
        return trailing > 0 ? start + String(repeating: life, count: trailing) + "|" : start + "|"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1000)
        return "+\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
