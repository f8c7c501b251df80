import Wire

extension SIPURI {
    /// Reads a URI that takes up all the bytes; nil when it is malformed.
    static func parse(_ bytes: ArraySlice<UInt8>) -> SIPURI? {
        guard let colon = bytes.firstIndex(of: UInt8.colon), let first = bytes.first, first.isLetter,
            bytes[..<colon].allSatisfy(isSchemeByte)
        else { return nil }
        let scheme = Scheme(bytes[..<colon])
        let rest = bytes[(colon + 1)...]
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

    private static func parseSIP(_ scheme: Scheme, _ bytes: ArraySlice<UInt8>) -> SIPURI? {
        var uri = SIPURI(unchecked: scheme)
        var rest = bytes
        // An "@" stands in a SIP URI only once: everywhere else it is escaped.
        if let at = rest.firstIndex(of: UInt8(ascii: "@")) {
            guard uri.readUserInfo(rest[..<at]) else { return nil }
            rest = rest[(at + 1)...]
        }
        var scanner = FieldScanner(rest)
        guard let (host, port) = scanner.hostPort() else { return nil }
        (uri.host, uri.port) = (host, port)
        let tail = scanner.rest
        let question = tail.firstIndex(of: UInt8(ascii: "?")) ?? tail.endIndex
        guard uri.readParameters(tail[..<question]), uri.readHeaders(tail[question...]) else { return nil }
        return uri
    }

    private static func parseTel(_ bytes: ArraySlice<UInt8>) -> SIPURI? {
        var uri = SIPURI(unchecked: .tel)
        let end = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        let number = bytes[..<end]
        guard number.contains(where: \.isAlphanumeric), number.allSatisfy(isTelephoneByte) else { return nil }
        uri.user = text(number)
        return uri.readParameters(bytes[end...]) ? uri : nil
    }

    private mutating func readUserInfo(_ bytes: ArraySlice<UInt8>) -> Bool {
        let colon = bytes.firstIndex(of: UInt8.colon) ?? bytes.endIndex
        let user = bytes[..<colon]
        guard !user.isEmpty, Escapes.isWellFormed(user, allowed: SIPURI.isAcceptedUserByte) else { return false }
        escapedUser = user.contains(UInt8(ascii: "#")) ? SIPURI.escapingHash(user) : text(user)
        guard colon < bytes.endIndex else { return true }
        let password = bytes[(colon + 1)...]
        escapedPassword = text(password)
        return Escapes.isWellFormed(password, allowed: Grammar.isPassword)
    }

    private mutating func readParameters(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first else { return true }
        guard first == UInt8(ascii: ";") else { return false }
        for part in bytes.dropFirst().split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = part[equals...].dropFirst()
            guard parameters.count < SIPLimits.parameters, equals > part.startIndex,
                Escapes.isWellFormed(part[..<equals], allowed: Grammar.isURIParameter),
                Escapes.isWellFormed(value, allowed: Grammar.isURIParameter)
            else { return false }
            parameters.append(
                SIPParameters.Parameter(
                    name: Escapes.decode(part[..<equals]),
                    value: equals < part.endIndex ? Escapes.decode(value) : nil))
        }
        return true
    }

    private mutating func readHeaders(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return true }
        for part in bytes.dropFirst().split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard headers.count < SIPLimits.parameters, let equals = part.firstIndex(of: UInt8(ascii: "=")),
                equals > part.startIndex, Escapes.isWellFormed(part[..<equals], allowed: Grammar.isURIHeader),
                Escapes.isWellFormed(part[(equals + 1)...], allowed: Grammar.isURIHeader)
            else { return false }
            headers.append(
                Header(name: Escapes.decode(part[..<equals]), value: Escapes.decode(part[(equals + 1)...])))
        }
        return true
    }

    /// Telephones dial `#` without escaping it; it is written escaped from then on.
    private static func isAcceptedUserByte(_ byte: UInt8) -> Bool {
        Grammar.isUser(byte) || byte == UInt8(ascii: "#")
    }

    private static func escapingHash(_ user: ArraySlice<UInt8>) -> String {
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
