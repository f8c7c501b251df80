package import Wire

extension STUNMessage {
    /// Whether USERNAME is exactly `local:remote`; with `remote` not known yet, whether it begins with `local:`.
    package func isAddressed(toUfrag local: [UInt8], fromUfrag remote: [UInt8]?) -> Bool {
        guard attributes.username != 0, let length: UInt16 = bytes.field(at: attributes.username + 2) else {
            return false
        }
        let start = attributes.username + 4
        let separator = start + local.count
        let end = start + Int(length)
        guard separator < end, bytes.equals(local, in: start..<separator), bytes.byte(at: separator) == 0x3A
        else { return false }
        guard let remote else { return true }
        return bytes.equals(remote, in: separator + 1..<end)
    }

    package var priority: UInt32? { attributes.priority == 0 ? nil : bytes.field(at: attributes.priority + 4) }
    package var useCandidate: Bool { attributes.useCandidate }
    /// The tie-breaker of an agent that believes it is controlled.
    package var iceControlled: UInt64? {
        attributes.iceControlled == 0 ? nil : bytes.field(at: attributes.iceControlled + 4)
    }
    /// The tie-breaker of an agent that believes it is controlling.
    package var iceControlling: UInt64? {
        attributes.iceControlling == 0 ? nil : bytes.field(at: attributes.iceControlling + 4)
    }
    /// Comprehension-required attribute types that are not understood here.
    package var unknownRequired: [UInt16] { attributes.unknown }

    /// The code of ERROR-CODE, 300 … 699.
    package var errorCode: Int? {
        guard attributes.errorCode != 0 else { return nil }
        let hundreds = Int(bytes.byte(at: attributes.errorCode + 6) & 0x07)
        let rest = Int(bytes.byte(at: attributes.errorCode + 7))
        return (3...6).contains(hundreds) && rest < 100 ? hundreds * 100 + rest : nil
    }

    /// The address of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2).
    package var xorMappedAddress: SocketAddress? {
        let start = attributes.xorMappedAddress
        guard start != 0, let length: UInt16 = bytes.field(at: start + 2), let port: UInt16 = bytes.field(at: start + 6)
        else { return nil }
        let plainPort = port ^ UInt16(STUN.magicCookie >> 16)
        switch (bytes.byte(at: start + 5), length) {
        case (1, 8):
            guard let value: UInt32 = bytes.field(at: start + 8) else { return nil }
            return SocketAddress(ip: IPAddress(v4: value ^ STUN.magicCookie), port: plainPort)
        case (2, 20):
            guard let high: UInt64 = bytes.field(at: start + 8), let low: UInt64 = bytes.field(at: start + 16)
            else { return nil }
            let mask = UInt64(STUN.magicCookie) << 32 | UInt64(transactionID.high)
            return SocketAddress(ip: IPAddress(high: high ^ mask, low: low ^ transactionID.low), port: plainPort)
        default: return nil
        }
    }
}
