import Wire

extension SIPURI {
    /// Reads a URI that takes up all the bytes; nil when it is malformed.
    static func parse(_ bytes: Span<UInt8>) -> SIPURI? {
        guard let colon = bytes.firstIndex(of: UInt8.colon), bytes[0].isLetter else { return nil }
        let name = bytes.extracting(first: colon)
        guard name.allSatisfy(isSchemeByte) else { return nil }
        let scheme = Scheme(name)
        let rest = bytes.extracting((colon + 1)...)
        switch scheme {
        case .sip, .sips: return parseSIP(scheme, rest)
        case .tel: return parseTel(rest)
        case .other:
            guard !rest.isEmpty, rest.allSatisfy(isOpaqueByte) else { return nil }
            return SIPURI(unchecked: scheme, opaquePart: text(rest))
        }
    }

    /// The host in its written form (brackets added to a bare IPv6 address); nil when it is no host.
    static func checkedHost(_ host: String) -> String? {
        let bytes = host.utf8.span
        for index in bytes.indices where !Grammar.isHostName(bytes[index]) {
            // Only an IPv6 address has other bytes.
            guard host.utf8.contains(UInt8.colon) else { return nil }
            return IPAddress(host).map { SocketAddress(ip: $0, port: 0).hostText }
        }
        return host.isEmpty ? nil : host
    }

    private static func parseSIP(_ scheme: Scheme, _ bytes: Span<UInt8>) -> SIPURI? {
        var (user, password): (String?, String?)
        var start = 0
        // An "@" stands in a SIP URI only once: everywhere else it is escaped.
        if let at = bytes.firstIndex(of: UInt8(ascii: "@")) {
            guard readUserInfo(bytes.extracting(first: at), &user, &password) else { return nil }
            start = at + 1
        }
        var scanner = FieldScanner(bytes.extracting(start...))
        var port: UInt16?
        guard let host = scanner.host(), scanner.readPort(into: &port) else { return nil }
        let tail = scanner.rest
        let question = tail.firstIndex(of: UInt8(ascii: "?")) ?? tail.count
        var parameters = SIPParameters()
        guard parameters.read(tail.extracting(first: question)),
            let headers = headers(tail.extracting(question...))
        else { return nil }
        return SIPURI(
            read: scheme, escapedUser: user, escapedPassword: password, host: host, port: port, parameters: parameters,
            headers: headers)
    }

    private static func parseTel(_ bytes: Span<UInt8>) -> SIPURI? {
        var uri = SIPURI(unchecked: .tel)
        let end = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        let number = bytes.extracting(first: end)
        guard !number.allSatisfy({ !$0.isAlphanumeric }), number.allSatisfy(isTelephoneByte) else { return nil }
        uri.user = text(number)
        return uri.parameters.read(bytes.extracting(end...)) ? uri : nil
    }

    private static func readUserInfo(
        _ bytes: Span<UInt8>, _ escapedUser: inout String?, _ escapedPassword: inout String?
    ) -> Bool {
        let colon = bytes.firstIndex(of: UInt8.colon) ?? bytes.count
        let user = bytes.extracting(first: colon)
        guard !user.isEmpty, Escapes.isWellFormed(user, allowed: SIPURI.isAcceptedUserByte) else { return false }
        escapedUser = user.contains(UInt8(ascii: "#")) ? SIPURI.escapingHash(user) : text(user)
        guard colon < bytes.count else { return true }
        let password = bytes.extracting((colon + 1)...)
        escapedPassword = text(password)
        return Escapes.isWellFormed(password, allowed: Grammar.isPassword)
    }

    /// What stands behind a `?`, with it; nil when it is malformed.
    private static func headers(_ bytes: Span<UInt8>) -> [Header]? {
        var headers: [Header] = []
        guard !bytes.isEmpty else { return headers }
        var start = 1
        while start <= bytes.count {
            let part = bytes.extracting(start...).prefix { $0 != UInt8(ascii: "&") }
            guard headers.count < SIPLimits.parameters, let equals = part.firstIndex(of: UInt8(ascii: "=")),
                equals > 0, Escapes.isWellFormed(part.extracting(first: equals), allowed: Grammar.isURIHeader),
                Escapes.isWellFormed(part.extracting((equals + 1)...), allowed: Grammar.isURIHeader)
            else { return nil }
            headers.append(
                Header(
                    name: Escapes.decode(part.extracting(first: equals)),
                    value: Escapes.decode(part.extracting((equals + 1)...))))
            start += part.count + 1
        }
        return headers
    }

    /// Telephones dial `#` without escaping it; it is written escaped from then on.
    private static func isAcceptedUserByte(_ byte: UInt8) -> Bool {
        Grammar.isUser(byte) || byte == UInt8(ascii: "#")
    }

    private static func escapingHash(_ user: Span<UInt8>) -> String {
        text(user).split(separator: "#", omittingEmptySubsequences: false).joined(separator: "%23")
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }

    private static func isOpaqueByte(_ byte: UInt8) -> Bool {
        byte.isPrintable && byte != UInt8.space && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
            && byte != UInt8(ascii: "\"")
    }

    /// RFC 3966 `phonedigit-hex`, a leading plus, and visual separators.
    static func isTelephoneByte(_ byte: UInt8) -> Bool {
        byte.hexValue != nil || "+-.()*#".utf8.contains(byte)
    }
}

extension SIPParameters {
    /// Reads the parameters of a URI, each with the semicolon before it; false when one is malformed.
    fileprivate mutating func read(_ bytes: Span<UInt8>) -> Bool {
        guard let first = bytes.first else { return true }
        guard first == UInt8(ascii: ";") else { return false }
        var start = 1
        while start <= bytes.count {
            let part = bytes.extracting(start...).prefix { $0 != UInt8(ascii: ";") }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.count
            let name = part.extracting(first: equals)
            let value = part.extracting(min(equals + 1, part.count)...)
            guard count < SIPLimits.parameters, !name.isEmpty,
                Escapes.isWellFormed(name, allowed: Grammar.isURIParameter),
                Escapes.isWellFormed(value, allowed: Grammar.isURIParameter)
            else { return false }
            append(
                SIPParameters.Parameter(
                    name: Escapes.decode(name), value: equals < part.count ? Escapes.decode(value) : nil))
            start += part.count + 1
        }
        return true
    }
}
