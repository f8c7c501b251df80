/// A request method (RFC 3261 7.1); methods are compared with their case.
///
/// Make one from text with `init(_:)`, never with `.other("INVITE")`: the named cases are the only form of their method.
package enum SIPMethod: Hashable, Sendable, CustomStringConvertible {
    case invite
    case ack
    case bye
    case cancel
    case register
    case options
    case prack
    case update
    case info
    case subscribe
    case notify
    case refer
    case message
    case publish
    case other(String)

    package init(_ text: String) {
        self = Self.named.first { $0.rawValue == text } ?? .other(text)
    }

    /// Reads a token; nil when a byte of it cannot stand in one.
    init?(token bytes: Span<UInt8>) {
        guard !bytes.isEmpty, bytes.allSatisfy(Grammar.isToken) else { return nil }
        let word = PackedWord(bytes)
        self = Self.words.first { $0.word == word }?.method ?? .other(text(bytes))
    }

    package var rawValue: String {
        switch self {
        case .invite: "INVITE"
        case .ack: "ACK"
        case .bye: "BYE"
        case .cancel: "CANCEL"
        case .register: "REGISTER"
        case .options: "OPTIONS"
        case .prack: "PRACK"
        case .update: "UPDATE"
        case .info: "INFO"
        case .subscribe: "SUBSCRIBE"
        case .notify: "NOTIFY"
        case .refer: "REFER"
        case .message: "MESSAGE"
        case .publish: "PUBLISH"
        case .other(let text): text
        }
    }

    package var description: String { rawValue }

    private static let named: [SIPMethod] = [
        .invite, .ack, .bye, .cancel, .register, .options, .prack, .update, .info, .subscribe, .notify, .refer,
        .message, .publish,
    ]

    private static let words = named.compactMap { method in
        PackedWord(method.rawValue.utf8.span).map { (word: $0, method: method) }
    }
}
