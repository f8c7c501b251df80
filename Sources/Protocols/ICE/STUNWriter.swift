package import Wire

/// Writes one STUN message; `finish` closes it with MESSAGE-INTEGRITY and FINGERPRINT.
package struct STUNWriter: Sendable {
    private var writer: ByteWriter
    private let transactionID: STUNTransactionID

    package init(_ messageClass: STUNClass, transactionID: STUNTransactionID, method: UInt16 = STUN.bindingMethod) {
        writer = ByteWriter(capacity: 128)
        self.transactionID = transactionID
        let bits = method & 0x000F | (method & 0x0070) << 1 | (method & 0x0F80) << 2
        writer.write(bits | messageClass.rawValue)
        writer.write(UInt16(0))
        writer.write(STUN.magicCookie)
        writer.write(transactionID.high)
        writer.write(transactionID.low)
    }

    /// Bytes written so far.
    package var count: Int { writer.count }

    /// USERNAME as the receiver of the check wants it: its own ufrag first (RFC 8445 section 7.2.2).
    package mutating func username(receiver: String, sender: String) {
        bytes(STUN.Attribute.username, Array("\(receiver):\(sender)".utf8))
    }

    package mutating func priority(_ value: UInt32) {
        header(STUN.Attribute.priority, 4)
        writer.write(value)
    }

    package mutating func useCandidate() { header(STUN.Attribute.useCandidate, 0) }

    package mutating func iceControlling(_ tieBreaker: UInt64) {
        header(STUN.Attribute.iceControlling, 8)
        writer.write(tieBreaker)
    }

    package mutating func iceControlled(_ tieBreaker: UInt64) {
        header(STUN.Attribute.iceControlled, 8)
        writer.write(tieBreaker)
    }

    package mutating func xorMappedAddress(_ address: SocketAddress) {
        header(STUN.Attribute.xorMappedAddress, address.ip.isIPv4 ? 8 : 20)
        writer.write(UInt16(address.ip.isIPv4 ? 1 : 2))
        writer.write(address.port ^ UInt16(STUN.magicCookie >> 16))
        if address.ip.isIPv4 {
            writer.write(address.ip.v4 ^ STUN.magicCookie)
        } else {
            writer.write(address.ip.high ^ (UInt64(STUN.magicCookie) << 32 | UInt64(transactionID.high)))
            writer.write(address.ip.low ^ transactionID.low)
        }
    }

    /// ERROR-CODE with an empty reason phrase: nobody reads it, and a short answer cannot amplify.
    package mutating func errorCode(_ code: Int) {
        header(STUN.Attribute.errorCode, 4)
        writer.write(UInt32((code / 100) << 8 | (code % 100)))
    }

    package mutating func unknownAttributes(_ types: [UInt16]) {
        header(STUN.Attribute.unknownAttributes, types.count * 2)
        for type in types { writer.write(type) }
        if !types.count.isMultiple(of: 2) { writer.write(UInt16(0)) }
    }

    /// Any attribute, padded with zeros to a multiple of four.
    package mutating func bytes(_ type: UInt16, _ value: [UInt8]) {
        header(type, value.count)
        writer.write(value)
        while !writer.count.isMultiple(of: 4) { writer.write(UInt8(0)) }
    }

    /// Adds MESSAGE-INTEGRITY when there is a key, then FINGERPRINT, and returns the datagram.
    package consuming func finish(integrityKey key: [UInt8]?) -> [UInt8] {
        if let key {
            let code = STUN.integrity(of: writer.bytes.span.bytes, key: key)
            bytes(STUN.Attribute.messageIntegrity, code)
        }
        writer.patch(UInt16(writer.count - STUN.headerLength + 8), at: 2)
        let crc = STUN.fingerprint(of: writer.bytes.span.bytes)
        header(STUN.Attribute.fingerprint, 4)
        writer.write(crc)
        return writer.bytes
    }

    private mutating func header(_ type: UInt16, _ length: Int) {
        writer.write(type)
        writer.write(UInt16(truncatingIfNeeded: length))
    }
}
