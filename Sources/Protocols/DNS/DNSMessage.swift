import Wire

/// A response of a name server, as far as it answers: header, question and answer section (RFC 1035 4.1).
///
/// Authority and additional sections are not read: nothing in them was asked for.
package struct DNSMessage: Hashable, Sendable {
    /// One record of the answer section.
    package struct Resource: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            case record(DNSRecord)
            /// CNAME.
            case alias(String)
            /// Of a type or class nobody asks for.
            case other
        }

        package let name: String
        /// The record's number in a DNS message.
        package let type: UInt16
        /// TTL in seconds.
        package let lifetime: UInt32
        package let content: Content
    }

    /// Answer records read; what follows them is left out.
    package static let maximumAnswers = 256
    /// Aliases followed from the name that was asked for.
    package static let maximumAliases = 16

    package let isResponse: Bool
    package let isTruncated: Bool
    /// RCODE.
    package let responseCode: UInt8
    package let questionName: String
    package let questionType: UInt16
    package let answers: [Resource]

    /// Reads a message.
    package init(_ bytes: [UInt8]) throws(DNSMessageError) {
        var cursor = DNSCursor(bytes)
        _ = try cursor.uint16()
        let flags = try cursor.uint16()
        isResponse = flags & 0x8000 != 0
        isTruncated = flags & 0x0200 != 0
        responseCode = UInt8(truncatingIfNeeded: flags & 0x000F)
        let questions = try cursor.uint16()
        let count = Int(try cursor.uint16())
        _ = try cursor.uint32()
        guard questions == 1 else { throw .noQuestion }
        questionName = try cursor.name()
        questionType = try cursor.uint16()
        guard try cursor.uint16() == Self.internet else { throw .noQuestion }
        var answers: [Resource] = []
        for _ in 0..<min(count, Self.maximumAnswers) { answers.append(try Self.resource(&cursor)) }
        self.answers = answers
    }

    /// What the message says to a question: the records the name or its aliases have, or why there are none.
    package func answer(to kind: DNSRecordKind) -> DNSAnswer {
        guard isResponse, !isTruncated, questionType == kind.rawValue else { return DNSAnswer(.malformed) }
        switch responseCode {
        case 0: return collect(kind)
        case 3: return DNSAnswer(.noSuchName)
        case 5: return DNSAnswer(.refused)
        default: return DNSAnswer(.serverFailed)
        }
    }

    private func collect(_ kind: DNSRecordKind) -> DNSAnswer {
        var name = questionName
        var lifetime = UInt32.max
        for _ in 0...Self.maximumAliases {
            var records: [DNSRecord] = []
            var alias: Resource?
            for resource in answers where ASCII.equalIgnoringCase(resource.name, name) {
                if resource.type == kind.rawValue, case .record(let record) = resource.content {
                    records.append(record)
                    lifetime = min(lifetime, resource.lifetime)
                } else if case .alias = resource.content {
                    alias = alias ?? resource
                }
            }
            if !records.isEmpty { return DNSAnswer(records, lifetime: .seconds(Int64(lifetime))) }
            guard let alias, case .alias(let target) = alias.content else { break }
            lifetime = min(lifetime, alias.lifetime)
            name = target
        }
        return DNSAnswer(.noRecords)
    }
}

/// Why bytes are no DNS message.
package enum DNSMessageError: Error, Hashable, Sendable {
    case cutShort
    /// Too long, a pointer that does not point back, or a label of an unknown sort.
    case badName
    /// Not exactly one question of the Internet class.
    case noQuestion
    /// A record whose data does not fit its type.
    case badRecord
}

// MARK: - Records

extension DNSMessage {
    /// The class IN.
    private static let internet: UInt16 = 1
    private static let aliasType: UInt16 = 5

    private static func resource(_ cursor: inout DNSCursor) throws(DNSMessageError) -> Resource {
        let name = try cursor.name()
        let type = try cursor.uint16()
        let family = try cursor.uint16()
        let seconds = try cursor.uint32()
        let length = Int(try cursor.uint16())
        let end = cursor.offset + length
        guard end <= cursor.bytes.count else { throw .cutShort }
        var content = Resource.Content.other
        if family == internet {
            content = try Self.content(type, &cursor, end: end)
        } else {
            cursor.offset = end
        }
        guard cursor.offset == end else { throw .badRecord }
        // RFC 2181 8: with the sign bit set it is none.
        return Resource(name: name, type: type, lifetime: seconds > Int32.max ? 0 : seconds, content: content)
    }

    private static func content(
        _ type: UInt16, _ cursor: inout DNSCursor, end: Int
    ) throws(DNSMessageError) -> Resource.Content {
        switch DNSRecordKind(rawValue: type) {
        case .a: return .record(.address(IPAddress(v4: try cursor.uint32())))
        case .aaaa:
            let high = try cursor.uint64()
            return .record(.address(IPAddress(high: high, low: try cursor.uint64())))
        case .srv:
            let (priority, weight, port) = (try cursor.uint16(), try cursor.uint16(), try cursor.uint16())
            return .record(
                .service(priority: priority, weight: weight, port: port, target: try cursor.name()))
        case .naptr:
            let (order, preference) = (try cursor.uint16(), try cursor.uint16())
            let (flags, service, regexp) = (try cursor.text(), try cursor.text(), try cursor.text())
            return .record(
                .pointer(
                    order: order, preference: preference, flags: flags, service: service, regexp: regexp,
                    replacement: try cursor.name()))
        case nil where type == aliasType: return .alias(try cursor.name())
        case nil:
            cursor.offset = end
            return .other
        }
    }
}
