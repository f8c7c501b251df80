/// A STUN message seen in the bytes that brought it: nothing is copied, fields are read where they lie.
///
/// Of repeated attributes the first counts; whatever follows MESSAGE-INTEGRITY, but FINGERPRINT, is ignored
/// (RFC 8489 section 14.5), since nobody vouches for it.
package struct STUNMessage: ~Escapable {
    /// More unknown attributes than this are not listed in a 420 response.
    static let maximumListedUnknown = 4

    let bytes: RawSpan
    package let messageClass: STUNClass
    package let method: UInt16
    package let transactionID: STUNTransactionID
    private(set) var attributes = Attributes()

    /// Where the attributes that ICE knows start; 0 means absent, since an attribute never starts in the header.
    struct Attributes {
        var username = 0
        var messageIntegrity = 0
        var errorCode = 0
        var xorMappedAddress = 0
        var priority = 0
        var iceControlled = 0
        var iceControlling = 0
        var fingerprint = 0
        var useCandidate = false
        /// Comprehension-required types that are not understood.
        var unknown: [UInt16] = []
    }

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) throws(STUNError) {
        guard bytes.byteCount >= STUN.headerLength, bytes.byteCount <= STUN.maximumLength,
            let type: UInt16 = bytes.field(at: 0), type & 0xC000 == 0,
            bytes.field(at: 4, as: UInt32.self) == STUN.magicCookie,
            let high: UInt32 = bytes.field(at: 8), let low: UInt64 = bytes.field(at: 12),
            let messageClass = STUNClass(rawValue: type & 0x0110)
        else { throw .notSTUN }
        guard let length: UInt16 = bytes.field(at: 2), length & 3 == 0,
            Int(length) + STUN.headerLength == bytes.byteCount
        else { throw .badLength }
        self.bytes = bytes
        self.messageClass = messageClass
        method = type & 0x000F | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2
        transactionID = STUNTransactionID(high: high, low: low)
        try readAttributes()
    }

    private mutating func readAttributes() throws(STUNError) {
        var offset = STUN.headerLength
        while offset < bytes.byteCount {
            guard let type: UInt16 = bytes.field(at: offset), let length: UInt16 = bytes.field(at: offset + 2)
            else { throw .badAttribute }
            let next = offset + 4 + (Int(length) + 3) & ~3
            guard next <= bytes.byteCount else { throw .badAttribute }
            if type == STUN.Attribute.fingerprint {
                guard length == 4, next == bytes.byteCount else { throw .badAttribute }
                attributes.fingerprint = offset
            } else if attributes.messageIntegrity == 0 {
                try note(type, length: length, at: offset)
            }
            offset = next
        }
    }

    private mutating func note(_ type: UInt16, length: UInt16, at offset: Int) throws(STUNError) {
        switch type {
        case STUN.Attribute.username: attributes.username = first(attributes.username, or: offset)
        case STUN.Attribute.messageIntegrity: attributes.messageIntegrity = try sized(offset, length == 20)
        case STUN.Attribute.errorCode:
            attributes.errorCode = first(attributes.errorCode, or: try sized(offset, length >= 4))
        case STUN.Attribute.xorMappedAddress:
            let fitting = try sized(offset, length == 8 || length == 20)
            attributes.xorMappedAddress = first(attributes.xorMappedAddress, or: fitting)
        case STUN.Attribute.priority:
            attributes.priority = first(attributes.priority, or: try sized(offset, length == 4))
        case STUN.Attribute.iceControlled:
            attributes.iceControlled = first(attributes.iceControlled, or: try sized(offset, length == 8))
        case STUN.Attribute.iceControlling:
            attributes.iceControlling = first(attributes.iceControlling, or: try sized(offset, length == 8))
        case STUN.Attribute.useCandidate: attributes.useCandidate = true
        case STUN.Attribute.mappedAddress, STUN.Attribute.unknownAttributes, STUN.Attribute.realm,
            STUN.Attribute.nonce, STUN.Attribute.messageIntegritySHA256, STUN.Attribute.passwordAlgorithm,
            STUN.Attribute.userhash:
            break
        default:
            // Types from 0x8000 up may be ignored by whoever does not understand them.
            if type < 0x8000, attributes.unknown.count < Self.maximumListedUnknown { attributes.unknown.append(type) }
        }
    }

    private func first(_ kept: Int, or offset: Int) -> Int { kept == 0 ? offset : kept }

    private func sized(_ offset: Int, _ fits: Bool) throws(STUNError) -> Int {
        guard fits else { throw .badAttribute }
        return offset
    }
}
