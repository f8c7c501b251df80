import Wire

/// One side of a WebSocket connection after the handshake (RFC 6455): bytes in, whole messages out.
struct WebSocketSession {
    enum Output {
        case send([UInt8])
        case message(WebSocketMessage)
        /// The last output; the transport is to be closed after what was sent.
        case ended(WebSocketClosure)
    }

    private enum State {
        case open
        /// We sent a close frame and wait for the peer's.
        case closing(WebSocketClosure, until: Instant)
        case ended
    }

    private let limits: WebLimits
    private let deflate: PerMessageDeflate?
    private let pingInterval: Duration?
    private var decoder: WebSocketFrameDecoder
    private var state = State.open
    private var outputs = FIFO<Output>()
    /// The message being put together.
    private var partial: WebSocketFrame?
    private var nextPing: Instant
    private var unansweredPings = 0
    /// The payload of the latest ping, while it is unanswered.
    private var pingToAnswer: [UInt8]?
    /// Where a client's masks come from; nil on a server's side.
    private var masks: Entropy?

    /// With `masks` a client's side, else a server's.
    init(
        limits: WebLimits, deflate: PerMessageDeflate?, pingInterval: Duration?, now: Instant, masks: Entropy? = nil
    ) {
        self.limits = limits
        self.deflate = deflate
        self.pingInterval = pingInterval
        self.masks = masks
        decoder = WebSocketFrameDecoder(allowsCompression: deflate != nil, expectsMask: masks == nil)
        nextPing = pingInterval.map { now + $0 } ?? .never
    }

    mutating func nextOutput() -> Output? { outputs.popFirst() }

    /// The next output if it is a frame to send: those that follow each other go into one write, which costs more than
    /// what is in it.
    mutating func nextFrame() -> [UInt8]? {
        guard case .send(let bytes)? = outputs.first else { return nil }
        _ = outputs.popFirst()
        return bytes
    }

    var isOpen: Bool {
        if case .ended = state { false } else { true }
    }

    /// Bytes in memory of messages that are not whole yet.
    var heldBytes: Int { isOpen ? decoder.bufferedBytes + (partial?.payload.count ?? 0) : 0 }

    /// When `timeout` wants to be called.
    var nextDeadline: Instant {
        switch state {
        case .open: nextPing
        case .closing(_, let until): until
        case .ended: .never
        }
    }

    mutating func receive(_ bytes: [UInt8], _ now: Instant) {
        if case .ended = state { return }
        decoder.append(bytes)
        unansweredPings = 0
        do throws(WebSocketError) {
            while let frame = try decoder.next(limit: limits.messageBytes - (partial?.payload.count ?? 0)) {
                try handle(frame)
                if case .ended = state { return }
            }
            answerPing()
        } catch {
            fail(error)
        }
    }

    mutating func send(_ message: WebSocketMessage) {
        switch message {
        case .text(let text): send(content: .text([UInt8](text.utf8)))
        case .binary(let bytes): send(content: .binary(bytes))
        }
    }

    mutating func send(content message: WebSocketContent) {
        guard case .open = state else { return }
        transmit(message.frame(deflate))
    }

    /// What a message for many is written as, at once; nil after our close.
    ///
    /// Nothing may wait in `nextOutput`, or it would come too late.
    func frames(of message: SharedMessage) -> [UInt8]? {
        guard case .open = state else { return nil }
        return message.frames(deflate)
    }

    /// Begins the closing handshake.
    mutating func close(_ code: WebSocketCloseCode, _ reason: String, _ now: Instant) {
        guard case .open = state else { return }
        transmit(WebSocketFrame.close(code, reason))
        let closure = WebSocketClosure(code: code, reason: reason, isLocal: true)
        state = .closing(closure, until: now + limits.closeTimeout)
        partial = nil
    }

    /// Says why and ends without waiting for the peer.
    mutating func fail(_ code: WebSocketCloseCode, _ reason: String) {
        fail(WebSocketError(code: code, reason: reason))
    }

    /// The transport is gone.
    mutating func transportClosed() {
        if case .closing(let closure, _) = state { return end(closure) }
        end(WebSocketClosure(code: .abnormal, isLocal: false))
    }

    mutating func timeout(_ now: Instant) {
        guard now >= nextDeadline else { return }
        switch state {
        case .open:
            guard let pingInterval else { return }
            guard unansweredPings < 2 else { return end(WebSocketClosure(code: .abnormal, isLocal: true)) }
            unansweredPings += 1
            nextPing = now + pingInterval
            transmit(WebSocketFrame(opcode: .ping))
        case .closing(let closure, _): end(closure)
        case .ended: break
        }
    }

    private mutating func transmit(_ frame: WebSocketFrame) {
        outputs.append(.send(frame.bytes(maskedBy: masks?.bytes(4))))
    }

    private mutating func handle(_ frame: WebSocketFrame) throws(WebSocketError) {
        switch frame.opcode {
        case .close: try receiveClose(frame.payload)
        case .ping:
            if case .open = state { pingToAnswer = frame.payload }
        case .pong: break
        case .text, .binary:
            guard partial == nil else { throw .violation("message inside a message") }
            try collect(frame)
        case .continuation:
            guard var whole = partial else { throw .violation("continuation of nothing") }
            partial = nil
            whole.payload += frame.payload
            whole.isFinal = frame.isFinal
            try collect(whole)
        }
    }

    /// Of the pings that came together only the last needs an answer (RFC 6455 section 5.5.3).
    private mutating func answerPing() {
        guard let payload = pingToAnswer.take() else { return }
        transmit(WebSocketFrame(opcode: .pong, payload: payload))
    }

    private mutating func collect(_ frame: WebSocketFrame) throws(WebSocketError) {
        // Messages that cross our close are dropped, yet still parsed to find the peer's close behind them.
        guard frame.isFinal else {
            partial = frame
            return
        }
        guard case .open = state else { return }
        var payload = frame.payload
        if frame.isCompressed, let deflate {
            switch deflate.decompress(payload, limit: limits.messageBytes) {
            case .bytes(let bytes): payload = bytes
            case .tooLong: throw WebSocketError(code: .messageTooBig, reason: "message too big")
            case .malformed: throw WebSocketError(code: .invalidData, reason: "deflate")
            }
        }
        guard frame.opcode == .text else { return outputs.append(.message(.binary(payload))) }
        guard let text = String(validating: payload, as: UTF8.self) else {
            throw WebSocketError(code: .invalidData, reason: "UTF-8")
        }
        outputs.append(.message(.text(text)))
    }

    private mutating func receiveClose(_ payload: [UInt8]) throws(WebSocketError) {
        if case .closing(let closure, _) = state { return end(closure) }
        answerPing()
        guard payload.count != 1 else { throw .violation("close code") }
        guard payload.count >= 2 else {
            transmit(WebSocketFrame(opcode: .close))
            return end(WebSocketClosure(code: .none, isLocal: false))
        }
        let code = WebSocketCloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.mayBeSent else { throw .violation("close code") }
        guard let reason = String(validating: payload.dropFirst(2), as: UTF8.self) else {
            throw WebSocketError(code: .invalidData, reason: "UTF-8")
        }
        transmit(WebSocketFrame.close(code, ""))
        end(WebSocketClosure(code: code, reason: reason, isLocal: false))
    }

    private mutating func fail(_ error: WebSocketError) {
        if case .open = state { transmit(WebSocketFrame.close(error.code, error.reason)) }
        end(WebSocketClosure(code: error.code, reason: error.reason, isLocal: true))
    }

    private mutating func end(_ closure: WebSocketClosure) {
        if case .ended = state { return }
        state = .ended
        partial = nil
        decoder = WebSocketFrameDecoder(allowsCompression: false)
        outputs.append(.ended(closure))
    }
}
