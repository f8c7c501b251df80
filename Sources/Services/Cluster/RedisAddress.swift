import Wire

/// Where Redis is: `redis://[[user]:password@]host[:port][/database]`.
package struct RedisAddress: Sendable, Equatable {
    package enum Problem: Error, Equatable {
        /// Another scheme than `redis`.
        case scheme
        case malformed
    }

    package let host: String
    package let port: UInt16
    package let database: Int
    let user: String?
    let password: String?

    package init(_ text: String) throws(Problem) {
        guard text.hasPrefix("redis://") else { throw .scheme }
        let rest = text.dropFirst("redis://".count)
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count + 1)
        guard let database = path.isEmpty ? 0 : ASCII.decimal(path.utf8, maximumDigits: 3).map({ Int($0) }) else {
            throw .malformed
        }
        let at = authority.lastIndex(of: "@")
        let secrets = at.map { authority[..<$0] }
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        (host, port) = try Self.place(place)
        (user, password) = try Self.secrets(secrets)
        self.database = database
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets.
    private static func place(_ text: Substring) throws(Problem) -> (String, UInt16) {
        var (host, rest) = (text.prefix { $0 != ":" }, text.drop { $0 != ":" })
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            (host, rest) = (text[text.index(after: text.startIndex)..<end], text[text.index(after: end)...])
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformed }
        guard !rest.isEmpty else { return (String(host), 6379) }
        guard rest.hasPrefix(":"), let port = ASCII.decimal(rest.dropFirst().utf8, maximumDigits: 5),
            (1...65_535).contains(port)
        else { throw .malformed }
        return (String(host), UInt16(port))
    }

    private static func secrets(_ text: Substring?) throws(Problem) -> (String?, String?) {
        guard let text, !text.isEmpty else { return (nil, nil) }
        let user = text.prefix { $0 != ":" }
        guard user.endIndex != text.endIndex else { throw .malformed }
        let password = unescaped(text[user.endIndex...].dropFirst())
        guard let password, let name = unescaped(user) else { throw .malformed }
        return (name.isEmpty ? nil : name, password)
    }

    /// The text with its `%` escapes read; nil when one is broken.
    private static func unescaped(_ text: Substring) -> String? {
        var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self)) else {
                return nil
            }
            bytes += value
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
