/// The SRTP protection profiles offered in `use_srtp` (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
package enum SRTPProfile: UInt16, CaseIterable, Sendable {
    case aes128CMHMACSHA1Tag80 = 0x0001
    case aeadAES128GCM = 0x0007
    case aeadAES256GCM = 0x0008

    /// Bytes of master key.
    package var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }

    /// Bytes of master salt.
    package var saltLength: Int {
        switch self {
        case .aes128CMHMACSHA1Tag80: 14
        case .aeadAES128GCM, .aeadAES256GCM: 12
        }
    }

    var openSSLName: String {
        switch self {
        case .aes128CMHMACSHA1Tag80: "SRTP_AES128_CM_SHA1_80"
        case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
        case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
        }
    }
}

/// What a handshake leaves for SRTP: a profile, and a master key and salt for each direction.
///
/// These are secrets, never logged.
package struct SRTPKeys: Equatable, Sendable {
    package struct Master: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
        package let key: [UInt8]
        package let salt: [UInt8]

        package var description: String { "<secret>" }
        package var debugDescription: String { description }

        package init(key: [UInt8], salt: [UInt8]) { (self.key, self.salt) = (key, salt) }
    }

    package let profile: SRTPProfile
    /// Protects what this side sends.
    package let send: Master
    /// Opens what the peer sends.
    package let receive: Master

    package init(profile: SRTPProfile, send: Master, receive: Master) {
        (self.profile, self.send, self.receive) = (profile, send, receive)
    }

    /// Splits exported material: client key, server key, client salt, server salt (RFC 5764 section 4.2).
    init?(profile: SRTPProfile, material: [UInt8], role: DTLSRole) {
        let (keyLength, saltLength) = (profile.keyLength, profile.saltLength)
        guard material.count == 2 * (keyLength + saltLength) else { return nil }
        let salts = 2 * keyLength
        let client = Master(key: Array(material[..<keyLength]), salt: Array(material[salts..<salts + saltLength]))
        let server = Master(key: Array(material[keyLength..<salts]), salt: Array(material[(salts + saltLength)...]))
        self.init(
            profile: profile, send: role == .client ? client : server, receive: role == .client ? server : client)
    }
}

/// Who sends the ClientHello: `a=setup:active` is the client (RFC 8842 section 5).
package enum DTLSRole: Sendable {
    case client
    case server
}
