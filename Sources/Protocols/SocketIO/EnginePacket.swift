import Crypto
import Wire

/// What one WebSocket message or one part of a polling payload carries.
package enum EngineFrame: Hashable, Sendable {
    case text([UInt8])
    case binary([UInt8])

    package var count: Int {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes.count
        }
    }
}

/// A packet of Engine.IO protocol version 4.
package struct EnginePacket: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case open = 0x30
        case close
        case ping
        case pong
        case message
        case upgrade
        case noop
    }

    package let kind: Kind
    /// The text after the packet's digit.
    package let text: [UInt8]

    package init(_ kind: Kind, _ text: [UInt8] = []) { (self.kind, self.text) = (kind, text) }

    package init(_ kind: Kind, _ text: String) { self.init(kind, Array(text.utf8)) }

    package var frame: EngineFrame { .text([kind.rawValue] + text) }
}

/// Either half of what arrives: a packet, or the raw bytes of a binary message.
package enum EngineMessage: Hashable, Sendable {
    case packet(EnginePacket)
    case binary([UInt8])

    /// Reads one packet from text; nil when it is none.
    package init?(text: some Collection<UInt8>) {
        guard let first = text.first else { return nil }
        let rest = text.dropFirst()
        if let kind = EnginePacket.Kind(rawValue: first) {
            self = .packet(EnginePacket(kind, Array(rest)))
        } else if first == EnginePayload.binaryMark, let bytes = Base64.decode(String(decoding: rest, as: UTF8.self)) {
            self = .binary(bytes)
        } else {
            return nil
        }
    }

    /// Reads a WebSocket message, which is one packet.
    package init?(_ frame: EngineFrame) {
        switch frame {
        case .text(let bytes): self.init(text: bytes)
        case .binary(let bytes): self = .binary(bytes)
        }
    }
}

/// The body of a polling request or response: packets joined by a record separator, binary as base64.
package enum EnginePayload {
    static let separator: UInt8 = 0x1E
    static let binaryMark = UInt8(ascii: "b")
    package static let maximumPackets = 1024

    /// The packets of a body; nil when one of them is none, or when there are too many.
    package static func decode(_ body: [UInt8]) -> [EngineMessage]? {
        let parts = body.split(separator: separator, maxSplits: maximumPackets, omittingEmptySubsequences: false)
        guard parts.count <= maximumPackets else { return nil }
        var messages: [EngineMessage] = []
        messages.reserveCapacity(parts.count)
        for part in parts {
            guard let message = EngineMessage(text: part) else { return nil }
            messages.append(message)
        }
        return messages
    }

    package static func encode(_ frames: [EngineFrame]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(frames.reduce(frames.count) { $0 + $1.count })
        for frame in frames {
            if !body.isEmpty { body.append(separator) }
            switch frame {
            case .text(let bytes):
                body.append(contentsOf: bytes)
            case .binary(let bytes):
                body.append(binaryMark)
                body.append(contentsOf: Base64.encode(bytes).utf8)
            }
        }
        return body
    }
}
