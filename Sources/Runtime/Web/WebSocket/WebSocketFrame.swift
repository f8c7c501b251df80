import Wire

/// One frame of RFC 6455 §5.2, unmasked.
struct WebSocketFrame: Equatable {
    enum Opcode: UInt8 {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        var isControl: Bool { rawValue >= 0x8 }
    }

    var isFinal = true
    /// RSV1: the message is deflated (RFC 7692 §6).
    var isCompressed = false
    var opcode: Opcode
    var payload: [UInt8] = []

    /// The frame as a server sends it: whole and unmasked.
    var bytes: [UInt8] { bytes(maskedBy: nil) }

    /// The frame as a client sends it, masked by a key that nobody can guess; nil: a server's.
    func bytes(maskedBy key: [UInt8]?) -> [UInt8] {
        let mask: UInt8 = key == nil ? 0 : 0x80
        var writer = ByteWriter(capacity: payload.count + 14)
        writer.write((isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        switch payload.count {
        case ..<126: writer.write(mask | UInt8(payload.count))
        case ...0xFFFF:
            writer.write(mask | 126)
            writer.write(UInt16(payload.count))
        default:
            writer.write(mask | 127)
            writer.write(UInt64(payload.count))
        }
        guard let key else {
            writer.write(payload)
            return writer.bytes
        }
        var masked = payload
        Self.mask(&masked, key)
        writer.write(key)
        writer.write(masked)
        return writer.bytes
    }

    /// Puts a mask on, or takes it off (RFC 6455 §5.3).
    static func mask(_ payload: inout [UInt8], _ key: [UInt8]) {
        for index in payload.indices { payload[index] ^= key[index & 3] }
    }

    /// The payload of a close frame; a code that may not be sent stands for no code.
    static func close(_ code: WebSocketCloseCode, _ reason: String) -> WebSocketFrame {
        guard code.mayBeSent else { return WebSocketFrame(opcode: .close) }
        var payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
        var text = Substring(reason)
        while text.utf8.count > 123 { text.removeLast() }
        payload += text.utf8
        return WebSocketFrame(opcode: .close, payload: payload)
    }
}

/// Why a connection cannot go on: the code it is closed with.
struct WebSocketError: Error, Equatable {
    let code: WebSocketCloseCode
    let reason: String

    static func violation(_ reason: String) -> WebSocketError {
        WebSocketError(code: .protocolError, reason: reason)
    }
}

/// Cuts a peer's byte stream into frames: a client's, which are masked, or a server's, which are not.
struct WebSocketFrameDecoder {
    private let allowsCompression: Bool
    private let expectsMask: Bool
    private var buffer = ByteQueue()

    init(allowsCompression: Bool, expectsMask: Bool = true) {
        (self.allowsCompression, self.expectsMask) = (allowsCompression, expectsMask)
    }

    /// Bytes received and not yet part of a frame.
    var bufferedBytes: Int { buffer.count }

    mutating func append(_ bytes: [UInt8]) { buffer.append(bytes) }

    /// The next whole frame, nil when more bytes are needed; a data frame longer than `limit` is refused at its head.
    mutating func next(limit: Int) throws(WebSocketError) -> WebSocketFrame? {
        guard buffer.count >= 2 else { return nil }
        let first = buffer.byte(at: 0)
        let second = buffer.byte(at: 1)
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else { throw .violation("opcode") }
        let isFinal = first & 0x80 != 0
        let isCompressed = first & 0x40 != 0
        guard first & 0x30 == 0, !isCompressed || (allowsCompression && (opcode == .text || opcode == .binary)) else {
            throw .violation("reserved bits")
        }
        guard (second & 0x80 != 0) == expectsMask else {
            throw .violation(expectsMask ? "unmasked frame" : "masked frame")
        }
        let short = Int(second & 0x7F)
        if opcode.isControl {
            guard isFinal, short < 126 else { throw .violation("control frame") }
        }
        let extended = short == 126 ? 2 : short == 127 ? 8 : 0
        guard buffer.count >= 2 + extended else { return nil }
        let length = (0..<extended).reduce(extended == 0 ? UInt64(short) : 0) {
            $0 << 8 | UInt64(buffer.byte(at: 2 + $1))
        }
        guard opcode.isControl || length <= UInt64(limit) else {
            throw WebSocketError(code: .messageTooBig, reason: "message too big")
        }
        let headLength = 2 + extended + (expectsMask ? 4 : 0)
        guard buffer.count >= headLength + Int(length) else { return nil }
        let head = buffer.take(headLength)
        var payload = buffer.take(Int(length))
        if expectsMask { WebSocketFrame.mask(&payload, Array(head.suffix(4))) }
        return WebSocketFrame(isFinal: isFinal, isCompressed: isCompressed, opcode: opcode, payload: payload)
    }
}
