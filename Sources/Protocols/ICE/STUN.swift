/// Session Traversal Utilities for NAT (RFC 8489), as far as ICE (RFC 8445) uses it: the Binding method over UDP.
package enum STUN {
    package static let headerLength = 20
    package static let magicCookie: UInt32 = 0x2112_A442
    package static let bindingMethod: UInt16 = 0x001
    /// Longer datagrams are not read: a connectivity check has to fit the path without fragments.
    package static let maximumLength = 1500

    /// Attribute types (RFC 8489 section 18.3, RFC 8445 section 16.1).
    enum Attribute {
        static let mappedAddress: UInt16 = 0x0001
        static let username: UInt16 = 0x0006
        static let messageIntegrity: UInt16 = 0x0008
        static let errorCode: UInt16 = 0x0009
        static let unknownAttributes: UInt16 = 0x000A
        static let realm: UInt16 = 0x0014
        static let nonce: UInt16 = 0x0015
        static let messageIntegritySHA256: UInt16 = 0x001C
        static let passwordAlgorithm: UInt16 = 0x001D
        static let userhash: UInt16 = 0x001E
        static let xorMappedAddress: UInt16 = 0x0020
        static let priority: UInt16 = 0x0024
        static let useCandidate: UInt16 = 0x0025
        static let software: UInt16 = 0x8022
        static let fingerprint: UInt16 = 0x8028
        static let iceControlled: UInt16 = 0x8029
        static let iceControlling: UInt16 = 0x802A
    }

    /// The local half of the USERNAME of a Binding request, without checking anything else.
    ///
    /// A worker with one port for all browsers finds the leg by it; the leg then authenticates the request. Nil when
    /// there is no USERNAME or its first half is not as long as the ufrags made here, so foreign packets cost little.
    package static func localUfrag(in datagram: RawSpan) -> String? {
        guard datagram.byteCount >= headerLength, datagram.byteCount <= maximumLength,
            datagram.field(at: 4, as: UInt32.self) == magicCookie
        else { return nil }
        var offset = headerLength
        while let type: UInt16 = datagram.field(at: offset), let length: UInt16 = datagram.field(at: offset + 2) {
            if type == Attribute.username { return localHalf(in: datagram, at: offset + 4, length: Int(length)) }
            offset += 4 + (Int(length) + 3) & ~3
        }
        return nil
    }

    private static func localHalf(in datagram: RawSpan, at start: Int, length: Int) -> String? {
        let size = ICECredentials.localUfragLength
        guard length > size, start + length <= datagram.byteCount, datagram.byte(at: start + size) == 0x3A
        else { return nil }
        return String(unsafeUninitializedCapacity: size) { buffer in
            for index in 0..<size { buffer[index] = datagram.byte(at: start + index) }
            return size
        }
    }
}

/// The two bits of a message type that say what kind of message it is (RFC 8489 section 5).
package enum STUNClass: UInt16, Sendable {
    case request = 0x000
    case indication = 0x010
    case success = 0x100
    case error = 0x110
}

/// The 96 bits that tie a response to its request.
package struct STUNTransactionID: Hashable, Sendable {
    package let high: UInt32
    package let low: UInt64

    package init(high: UInt32, low: UInt64) { (self.high, self.low) = (high, low) }

    package init(from entropy: inout some RandomNumberGenerator) {
        self.init(high: .random(in: .min ... .max, using: &entropy), low: entropy.next())
    }
}

/// Why bytes are not a STUN message.
package enum STUNError: Error, Sendable {
    /// First bits, magic cookie or size say it is something else.
    case notSTUN
    /// The length field does not match the datagram.
    case badLength
    /// An attribute reaches past the end or has an impossible size.
    case badAttribute
}
