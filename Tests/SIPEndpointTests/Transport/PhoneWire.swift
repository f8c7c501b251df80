import Reactor
import SIP
import Wire

/// How a scripted phone's messages travel: each given to `onMessage` whole.
class PhoneWire {
    let stream: any StreamConnection
    var onMessage: ([UInt8]) -> Void = { _ in }
    private(set) var isOpen = false
    private(set) var isClosed = false

    init(_ stream: any StreamConnection) {
        self.stream = stream
        stream.handler = { [unowned self] event in
            switch event {
            case .opened: isOpen = true
            case .received(let bytes): receive(bytes)
            case .closed: isClosed = true
            }
        }
    }

    func receive(_ bytes: [UInt8]) {}
    func send(_ message: [UInt8]) { stream.send(message) }
    func close() { stream.close() }
}

/// TCP or TLS.
final class StreamWire: PhoneWire {
    private var framer = StreamFramer(role: .opened)
    private(set) var pongs = 0

    override func receive(_ bytes: [UInt8]) {
        framer.receive(bytes)
        while let element = try? framer.next() {
            switch element {
            case .message(let message): onMessage(message)
            case .pong: pongs += 1
            case .ping: break
            }
        }
    }
}

/// A browser's WebSocket (RFC 6455, with a mask of zeros), after its HTTP request.
final class SocketWire: PhoneWire {
    private var buffer: [UInt8] = []
    private var waiting: [(text: Bool, message: [UInt8])] = []
    private(set) var status: Int?
    private(set) var texts: [String] = []
    /// Whether messages go as text frames or as binary ones.
    var sendsText = true

    init(_ stream: any StreamConnection, origin: String, subprotocol: String = "sip") {
        super.init(stream)
        let request = """
            GET /sip HTTP/1.1\r
            Host: tandem.test\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Origin: \(origin)\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Protocol: \(subprotocol)\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r

            """
        stream.send(Array(request.utf8))
    }

    override func send(_ message: [UInt8]) {
        guard status == 101 else { return waiting.append((sendsText, message)) }
        var writer = ByteWriter()
        writer.write(UInt8(sendsText ? 0x81 : 0x82))
        writer.write(UInt8(0x80 | 127))
        writer.write(UInt64(message.count))
        writer.write(UInt32(0))
        writer.write(message)
        stream.send(writer.bytes)
    }

    override func receive(_ bytes: [UInt8]) {
        buffer += bytes
        if status == nil { readHead() }
        guard status == 101 else { return }
        while let (first, payload, size) = nextFrame() {
            buffer.removeFirst(size)
            guard first & 15 == 1 || first & 15 == 2 else { continue }
            if first & 15 == 1 { texts.append(String(decoding: payload, as: UTF8.self)) }
            onMessage(payload)
        }
    }

    private func readHead() {
        let end = Array("\r\n\r\n".utf8)
        guard let start = buffer.indices.first(where: { buffer[$0...].starts(with: end) }) else { return }
        let head = String(decoding: buffer[..<start], as: UTF8.self)
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        buffer.removeFirst(start + 4)
        for (text, message) in waiting {
            sendsText = text
            send(message)
        }
        waiting = []
    }

    private func nextFrame() -> (UInt8, [UInt8], Int)? {
        guard buffer.count >= 2 else { return nil }
        let extra = buffer[1] == 126 ? 2 : buffer[1] == 127 ? 8 : 0
        guard buffer.count >= 2 + extra else { return nil }
        let length = extra == 0 ? Int(buffer[1]) : buffer[2..<2 + extra].reduce(0) { $0 << 8 | Int($1) }
        let size = 2 + extra + length
        guard buffer.count >= size else { return nil }
        return (buffer[0], Array(buffer[2 + extra..<size]), size)
    }
}
