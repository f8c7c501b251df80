/// Percent escapes (RFC 3986 §2.1) for what is put into addresses and forms.
public enum PercentEscapes {
    /// The text with everything but unreserved characters escaped, byte by byte in upper case: what AWS signatures demand,
    /// and what every form and query takes.
    public static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                escaped.append(byte)
            } else {
                escaped.append(UInt8(ascii: "%"))
                escaped.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
    }
}
