import Crypto
import Wire

/// How a receiver knows that what it gets is ours, and not old: HMAC-SHA256 over the time and the body.
enum HookSignature {
    /// `sha256=` and the code in hexadecimal, of the timestamp as it is sent, a full stop, and the body.
    static func make(secret: String, timestamp: Int64, body: [UInt8]) -> String {
        let signed = Array("\(timestamp).".utf8) + body
        return "sha256=" + Hex.encode(Hash.sha256.hmac(key: Array(secret.utf8), signed))
    }
}
