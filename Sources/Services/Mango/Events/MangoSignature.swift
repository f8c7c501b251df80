import Crypto
import Wire

/// The two secrets that an account of the vendor's API has, and the signatures made of them.
package struct MangoKeys: Sendable {
    package let key: String
    private let salt: String

    package init(key: String, salt: String) { (self.key, self.salt) = (key, salt) }

    /// SHA-256 of key, JSON text and salt, in lowercase hexadecimal; `json` is what is sent, byte for byte.
    package func sign(_ json: String) -> String { Hex.encode(Hash.sha256(key + json + salt)) }

    package func accepts(_ sign: String, of json: String) -> Bool {
        equalInConstantTime(Array(sign.lowercased().utf8), Array(self.sign(json).utf8))
    }

    /// Of the link under which a recording can be had without a request (`queries/recording/link`).
    package func sign(recordingLink id: String, timestamp: Int64) -> String {
        Hex.encode(Hash.sha256(key + String(timestamp) + id + salt))
    }
}
