import Reactor
import Wire

/// A byte stream from the client's host to the server, keeping what comes back.
final class TestStream {
    private let stream: any StreamConnection
    private(set) var bytes: [UInt8] = []
    private(set) var isClosed = false

    init(_ scene: Scene) {
        stream = scene.client.connect(to: scene.address)
        stream.handler = { [weak self] event in
            switch event {
            case .opened: break
            case .received(let more): self?.bytes += more
            case .closed: self?.isClosed = true
            }
        }
    }

    func send(_ bytes: [UInt8]) { stream.send(bytes) }
    func send(_ text: String) { stream.send(Array(text.utf8)) }
    func close() { stream.close() }
    func drop(_ count: Int) { bytes.removeFirst(count) }

    /// Takes an HTTP head off the front; nil while it is not complete.
    func takeHead() -> String? {
        let end = Array("\r\n\r\n".utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        defer { drop(start + 4) }
        return String(decoding: bytes[..<start], as: UTF8.self)
    }
}

/// One HTTP request on a connection of its own.
final class TestRequest {
    private let stream: TestStream
    private var head: String?

    init(_ scene: Scene, _ method: String, _ target: String, body: String = "", fields: String = "") {
        stream = TestStream(scene)
        stream.send(
            "\(method) \(target) HTTP/1.1\r\nHost: tandem.test\r\nConnection: close\r\n\(fields)"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Nil while the answer has not come.
    var status: Int? {
        if head == nil { head = stream.takeHead() }
        return head.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") }
    }

    var body: String? { status == nil ? nil : String(decoding: stream.bytes, as: UTF8.self) }

    func abort() { stream.close() }
}

/// A WebSocket client that speaks text (RFC 6455, with a mask of zeros).
final class TestSocket {
    private let stream: TestStream
    private(set) var head: String?
    private var messages: [String] = []
    private(set) var closeCode: Int?

    init(_ scene: Scene, _ target: String, fields: String = "") {
        stream = TestStream(scene)
        stream.send(
            "GET \(target) HTTP/1.1\r\nHost: tandem.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(fields)"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    }

    var isClosed: Bool { stream.isClosed }
    var status: Int? { head.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } }

    func send(_ text: String) { frame(0x81, Array(text.utf8)) }
    func send(_ value: JSONValue) { send(value.text) }
    func sendBinary(_ bytes: [UInt8]) { frame(0x82, bytes) }
    func close() { stream.close() }

    private func frame(_ first: UInt8, _ payload: [UInt8]) {
        var writer = ByteWriter()
        writer.write(first)
        if payload.count < 126 {
            writer.write(UInt8(0x80 | payload.count))
        } else {
            writer.write(UInt8(0x80 | 127))
            writer.write(UInt64(payload.count))
        }
        writer.write(UInt32(0))
        writer.write(payload)
        stream.send(writer.bytes)
    }

    /// What came since the last time, as text.
    func take() -> [String] {
        parse()
        defer { messages = [] }
        return messages
    }

    /// What came since the last time, as JSON.
    func takeJSON() -> [JSONValue] { take().compactMap { try? JSONValue(parsing: $0) } }

    private func parse() {
        if head == nil { head = stream.takeHead() }
        guard head != nil else { return }
        while let (first, payload, size) = nextFrame() {
            stream.drop(size)
            if first & 15 == 1 { messages.append(String(decoding: payload, as: UTF8.self)) }
            if first & 15 == 8, payload.count >= 2 { closeCode = Int(payload[0]) << 8 | Int(payload[1]) }
            if first & 15 == 9 { frame(0x8A, payload) }
        }
    }

    private func nextFrame() -> (UInt8, [UInt8], Int)? {
        let bytes = stream.bytes
        guard bytes.count >= 2 else { return nil }
        let extra = bytes[1] == 126 ? 2 : bytes[1] == 127 ? 8 : 0
        guard bytes.count >= 2 + extra else { return nil }
        let length = extra == 0 ? Int(bytes[1]) : bytes[2..<2 + extra].reduce(0) { $0 << 8 | Int($1) }
        let size = 2 + extra + length
        guard bytes.count >= size else { return nil }
        return (bytes[0], Array(bytes[2 + extra..<size]), size)
    }
}

extension [JSONValue] {
    /// The flat events of one name.
    func events(_ name: String) -> [JSONValue] { filter { $0["type"]?.stringValue == name } }
    var names: [String] { compactMap { $0["type"]?.stringValue ?? $0["event"]?.stringValue } }
}
