package import DNS
import Wire

/// What a scripted name server says to one question; `bytes` writes it as a DNS message.
package struct DNSReply: Sendable {
    /// One record of the answer section.
    package enum Entry: Sendable {
        case record(DNSRecord)
        case alias(String)
        /// A type nobody asks for, with that data.
        case raw(type: UInt16, data: [UInt8])
    }

    package var entries: [(name: String, lifetime: UInt32, entry: Entry)] = []
    package var responseCode: UInt8 = 0
    package var isTruncated = false
    /// The server keeps silent.
    package var isLost = false

    package init() {}

    package init(_ name: String, _ records: [DNSRecord], lifetime: UInt32 = 300) {
        entries = records.map { (name, lifetime, .record($0)) }
    }

    package init(responseCode: UInt8) { self.responseCode = responseCode }

    package static let lost: DNSReply = {
        var reply = DNSReply()
        reply.isLost = true
        return reply
    }()

    /// The message that answers `question`, under the id of the query.
    package func bytes(id: UInt16, _ question: DNSQuestion) -> [UInt8] {
        var bytes = Self.uint16(id)
        bytes += Self.uint16(0x8180 | (isTruncated ? 0x0200 : 0) | UInt16(responseCode))
        bytes += Self.uint16(1) + Self.uint16(UInt16(entries.count)) + Self.uint16(0) + Self.uint16(0)
        bytes += Self.name(question.name) + Self.uint16(question.kind.rawValue) + Self.uint16(1)
        for (name, lifetime, entry) in entries {
            let (type, data) = Self.data(entry)
            bytes += Self.name(name) + Self.uint16(type) + Self.uint16(1)
            bytes += Self.uint16(UInt16(lifetime >> 16)) + Self.uint16(UInt16(truncatingIfNeeded: lifetime))
            bytes += Self.uint16(UInt16(data.count)) + data
        }
        return bytes
    }

    private static func data(_ entry: Entry) -> (type: UInt16, data: [UInt8]) {
        switch entry {
        case .alias(let target): return (5, name(target))
        case .raw(let type, let data): return (type, data)
        case .record(.address(let ip)):
            if ip.isIPv4 { return (1, uint16(UInt16(ip.v4 >> 16)) + uint16(UInt16(truncatingIfNeeded: ip.v4))) }
            let halves = [ip.high, ip.low]
            return (28, halves.flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } })
        case .record(.service(let priority, let weight, let port, let target)):
            return (33, uint16(priority) + uint16(weight) + uint16(port) + name(target))
        case .record(.pointer(let order, let preference, let flags, let service, let regexp, let replacement)):
            let texts = [flags, service, regexp].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            return (35, uint16(order) + uint16(preference) + texts + name(replacement))
        }
    }

    /// A name as labels; its parts must be shorter than 64 bytes.
    package static func name(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    package static func uint16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
}
