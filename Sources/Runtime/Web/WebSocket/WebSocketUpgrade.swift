import Crypto
import Wire

/// The client's part of the opening handshake (RFC 6455 §4.1): the request, and the bytes that answer it.
struct WebSocketUpgrade {
    enum Progress: Equatable {
        case waiting
        /// The connection is a WebSocket; what came behind the answer is already its.
        case accepted([UInt8])
        case refused(String)
    }

    private let key: String
    private var received: [UInt8] = []
    private static let longestAnswer = 16 * 1024

    init(entropy: inout Entropy) {
        key = Base64.encode(entropy.bytes(16))
    }

    func request(_ url: WebSocketURL, bearer token: String?) -> [UInt8] {
        var lines = [
            "GET \(url.target) HTTP/1.1", "Host: \(url.authority)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
        ]
        if let token { lines.append("Authorization: Bearer \(token)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    mutating func receive(_ bytes: [UInt8]) -> Progress {
        // What has been looked at is not looked at again, however small the pieces are.
        let unseen = max(0, received.count - 3)
        received += bytes
        guard let end = Self.endOfHead(received[unseen...]) else {
            return received.count > Self.longestAnswer ? .refused("answer too long") : .waiting
        }
        let lines = String(decoding: received[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
            let status = ASCII.decimal(first.dropFirst(9).prefix(3).utf8, maximumDigits: 3)
        else { return .refused("no HTTP answer") }
        guard status == 101 else { return .refused("status \(status)") }
        guard Self.value("sec-websocket-accept", lines) == WebSocketHandshake.accept(key),
            Self.value("upgrade", lines)?.lowercased() == "websocket",
            Self.value("connection", lines).map(Self.upgrades) == true,
            // We ask for neither.
            Self.value("sec-websocket-extensions", lines) == nil, Self.value("sec-websocket-protocol", lines) == nil
        else { return .refused("no WebSocket answer") }
        return .accepted(Array(received[(end + 4)...]))
    }

    /// Whether `upgrade` is one of a list of words.
    private static func upgrades(_ words: String) -> Bool {
        words.utf8.split(separator: UInt8(ascii: ",")).contains {
            ASCII.equalIgnoringCase(String(Substring($0.trimmingOptionalWhitespace())), "upgrade")
        }
    }

    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.dropLast(3).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }

    private static func value(_ name: String, _ lines: [Substring]) -> String? {
        for line in lines.dropFirst() {
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { continue }
            guard ASCII.equalIgnoringCase(String(line[..<colon]), name) else { continue }
            return String(Substring(line[colon...].dropFirst().utf8.trimmingOptionalWhitespace()))
        }
        return nil
    }
}
