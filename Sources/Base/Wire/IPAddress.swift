import Glibc

/// An IPv4 or IPv6 address.
///
/// IPv4 is held as its mapped form `::ffff:a.b.c.d`, so that one comparison serves both.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The 16 bytes in network order, as two big-endian halves.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    public init(v4 value: UInt32) { self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(value)) }

    public static let anyIPv4 = IPAddress(v4: 0)
    public static let anyIPv6 = IPAddress(high: 0, low: 0)
    public static let loopbackIPv4 = IPAddress(v4: 0x7F00_0001)
    public static let loopbackIPv6 = IPAddress(high: 0, low: 1)

    /// Reads `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`.
    public init?(_ text: String) {
        if let v4 = Self.dottedQuad(text.utf8.span) {
            self.init(v4: v4)
            return
        }
        // Names, which are asked about as often as addresses, have neither; C would read no further than a NUL, and
        // believe an address that goes on behind it.
        guard text.utf8.contains(where: { $0 == ASCII.colon || $0 == UInt8(ascii: "[") }), !text.utf8.contains(0)
        else { return nil }
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        var v4 = in_addr()
        if unsafe inet_pton(AF_INET, bare, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
            return
        }
        var halves: (UInt64, UInt64) = (0, 0)
        guard unsafe inet_pton(AF_INET6, bare, &halves) == 1 else { return nil }
        self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
    }

    /// The two families of addresses.
    public enum Family: Hashable, Sendable {
        case ipv4
        case ipv6
    }

    public var family: Family { isIPv4 ? .ipv4 : .ipv6 }
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
    /// The IPv4 value, meaningful only when `isIPv4`.
    public var v4: UInt32 { UInt32(truncatingIfNeeded: low) }
    public var isUnspecified: Bool { (high == 0 && low == 0) || (isIPv4 && v4 == 0) }
    public var isLoopback: Bool { isIPv4 ? v4 >> 24 == 127 : high == 0 && low == 1 }

    /// Not routed on the Internet: RFC 1918, RFC 6598, RFC 4193, loopback and link-local.
    public var isPrivate: Bool {
        guard isIPv4 else { return isLoopback || high >> 57 == 0x7E || high >> 54 == 0x3FA }
        return v4 >> 24 == 10 || v4 >> 24 == 127 || v4 >> 20 == 0xAC1 || v4 >> 16 == 0xC0A8 || v4 >> 22 == 0x191
            || v4 >> 16 == 0xA9FE
    }

    /// The IPv4 address that it stands for by way of a translator (RFC 6052 §2.1); itself when there is none.
    public var untranslated: IPAddress {
        high == 0x0064_FF9B_0000_0000 && low >> 32 == 0 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : self
    }

    /// Whether it may be that of one host on the Internet (RFC 6890, the registries of special-purpose addresses).
    ///
    /// IPv6 addresses that stand for an IPv4 address by way of a translator (RFC 6052) are what that is; those of 6to4,
    /// which nobody uses any more, are not.
    public var isGlobal: Bool {
        if !isIPv4 {
            if untranslated.isIPv4 { return untranslated.isGlobal }
            return high >> 61 == 1 && high >> 32 != 0x2001_0DB8 && high >> 48 != 0x2002 && high >> 32 != 0x2001_0000
        }
        let isSpecial =
            v4 >> 24 == 0 || v4 >> 28 >= 0xE || v4 >> 8 == 0xC0_0000 || v4 >> 8 == 0xC0_0002 || v4 >> 8 == 0xC6_3364
            || v4 >> 8 == 0xCB_0071 || v4 >> 17 == 0x6309
        return !isPrivate && !isSpecial
    }

    /// Reads four decimal numbers up to 255 without leading zeros, as `inet_pton` does at five times the cost.
    private static func dottedQuad(_ text: Span<UInt8>) -> UInt32? {
        guard text.count <= 15 else { return nil }
        var (value, part, digits, dots): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
        for index in text.indices {
            let byte = text[index]
            if ASCII.isDigit(byte) {
                if digits > 0, part == 0 { return nil }
                (part, digits) = (part * 10 + UInt32(byte - ASCII.zero), digits + 1)
                if part > 255 { return nil }
            } else {
                guard byte == UInt8(ascii: "."), digits > 0, dots < 3 else { return nil }
                (value, part, digits, dots) = (value << 8 | part, 0, 0, dots + 1)
            }
        }
        return digits > 0 && dots == 3 ? value << 8 | part : nil
    }

    private var dottedQuad: String {
        unsafe String(unsafeUninitializedCapacity: 15) { text in
            var place = 0
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                let part = UInt8(truncatingIfNeeded: v4 >> shift)
                if part >= 100 {
                    unsafe text[place] = ASCII.zero + part / 100
                    place += 1
                }
                if part >= 10 {
                    unsafe text[place] = ASCII.zero + part / 10 % 10
                    place += 1
                }
                unsafe text[place] = ASCII.zero + part % 10
                place += 1
                if shift > 0 {
                    unsafe text[place] = UInt8(ascii: ".")
                    place += 1
                }
            }
            return place
        }
    }

    public var description: String {
        if isIPv4 { return dottedQuad }
        var halves = (high.bigEndian, low.bigEndian)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(AF_INET6, &halves, &text, socklen_t(text.count)) != nil else { return "::" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A block of addresses in CIDR form; a bare address is a block of one.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    /// Counted over the 128-bit form: an IPv4 `/24` is 120 here.
    public let prefix: Int

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a bare address.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        let length = parts.count == 2 ? ASCII.decimal(parts[1].utf8, maximumDigits: 3).map(Int.init) : width
        guard let length, length <= width else { return nil }
        self.address = address
        prefix = 128 - width + length
    }

    /// Whether it is one address.
    public var isSingle: Bool { prefix == 128 }

    public func contains(_ other: IPAddress) -> Bool {
        let highMask: UInt64 = prefix == 0 ? 0 : .max << UInt64(64 - min(prefix, 64))
        let lowMask: UInt64 = prefix <= 64 ? 0 : .max << UInt64(128 - prefix)
        return (address.high ^ other.high) & highMask == 0 && (address.low ^ other.low) & lowMask == 0
    }

    public var description: String { "\(address)/\(address.isIPv4 ? prefix - 96 : prefix)" }
}
