/// A message for many sockets: framed, deflated and joined with what follows it once, however many are sent it.
///
/// What is made at the first use is touched on the server's loop alone.
package final class SharedMessage: @unchecked Sendable {
    package let content: WebSocketContent
    private let followers: [WebSocketContent]
    private var frames: (plain: [UInt8]?, deflated: [UInt8]?) = (nil, nil)

    package convenience init(_ content: WebSocketContent) { self.init(content, []) }

    private init(_ content: WebSocketContent, _ followers: [WebSocketContent]) {
        (self.content, self.followers) = (content, followers)
    }

    /// Bytes of the messages themselves.
    var count: Int { followers.reduce(content.count) { $0 + $1.count } }

    /// This and then another in one piece.
    func followed(by other: SharedMessage) -> SharedMessage {
        SharedMessage(content, followers + [other.content] + other.followers)
    }

    /// What a server writes to a socket; all that have agreed on compression are sent the same, since nobody's stream
    /// refers to an earlier message.
    func frames(_ deflate: PerMessageDeflate?) -> [UInt8] {
        if let made = deflate == nil ? frames.plain : frames.deflated { return made }
        let bytes = ([content] + followers).reduce(into: [UInt8]()) { $0 += $1.frame(deflate).bytes }
        if deflate == nil { frames.plain = bytes } else { frames.deflated = bytes }
        return bytes
    }
}

extension WebSocketContent {
    var count: Int {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes.count
        }
    }

    /// The one frame of the message, deflated where that is agreed on and a gain.
    func frame(_ deflate: PerMessageDeflate?) -> WebSocketFrame {
        var frame =
            switch self {
            case .text(let bytes): WebSocketFrame(opcode: .text, payload: bytes)
            case .binary(let bytes): WebSocketFrame(opcode: .binary, payload: bytes)
            }
        if let deflate, let smaller = deflate.compress(frame.payload) {
            frame.payload = smaller
            frame.isCompressed = true
        }
        return frame
    }
}
