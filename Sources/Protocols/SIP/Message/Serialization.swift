import Wire

/// Quoted strings as headers write them (RFC 3261 25.1).
enum Quoting {
    static func quoted(_ plain: String) -> String {
        var bytes: [UInt8] = []
        append(plain, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends a quoted string; a control character, which a quoted string must not carry, becomes a space.
    static func append(_ plain: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in plain.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.append(UInt8(ascii: "\\")) }
            output.append(byte < UInt8.space || byte == 0x7F ? UInt8.space : byte)
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension [UInt8] {
    /// Appends a word without the bytes that no token may have.
    fileprivate mutating func appendToken(_ word: String) {
        let letters = word.utf8.span
        for index in letters.indices where Grammar.isToken(letters[index]) { append(letters[index]) }
    }
}

extension SIPParameters {
    /// As a header writes them: bare where a token or host may stand, quoted otherwise.
    func append(to output: inout [UInt8]) {
        for parameter in all {
            output.append(UInt8(ascii: ";"))
            output.appendToken(parameter.name)
            guard let value = parameter.value else { continue }
            output.append(UInt8(ascii: "="))
            if !value.isEmpty, value.utf8.allSatisfy(Grammar.isBareParameterValue) {
                output.append(value)
            } else {
                Quoting.append(value, to: &output)
            }
        }
    }

    var headerText: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension SIPURI: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func append(to output: inout [UInt8]) {
        output.appendToken(scheme.description)
        output.append(UInt8.colon)
        if scheme == .tel {
            output.append(contentsOf: (user ?? "").utf8.lazy.filter(SIPURI.isTelephoneByte))
        } else if let escapedUser {
            output.append(escapedUser)
            if let escapedPassword {
                output.append(UInt8.colon)
                output.append(escapedPassword)
            }
            output.append(UInt8(ascii: "@"))
        }
        output.append(host)
        output.append(opaquePart)
        if let port {
            output.append(UInt8.colon)
            output.append(decimal: Int64(port))
        }
        appendParametersAndHeaders(to: &output)
    }

    private func appendParametersAndHeaders(to output: inout [UInt8]) {
        for parameter in parameters.all {
            output.append(UInt8(ascii: ";"))
            Escapes.append(parameter.name, to: &output, allowed: Grammar.isURIParameter)
            guard let value = parameter.value else { continue }
            output.append(UInt8(ascii: "="))
            Escapes.append(value, to: &output, allowed: Grammar.isURIParameter)
        }
        var separator = UInt8(ascii: "?")
        for header in headers {
            output.append(separator)
            Escapes.append(header.name, to: &output, allowed: Grammar.isURIHeader)
            output.append(UInt8(ascii: "="))
            Escapes.append(header.value, to: &output, allowed: Grammar.isURIHeader)
            separator = UInt8(ascii: "&")
        }
    }
}

extension NameAddress: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func append(to output: inout [UInt8]) {
        if let displayName {
            Quoting.append(displayName, to: &output)
            output.append(UInt8.space)
        }
        output.append(UInt8(ascii: "<"))
        uri.append(to: &output)
        output.append(UInt8(ascii: ">"))
        parameters.append(to: &output)
    }
}

extension Via: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func append(to output: inout [UInt8]) {
        output.append("SIP/2.0/")
        output.append(transport.rawValue)
        output.append(UInt8.space)
        output.append(host)
        if let port {
            output.append(UInt8.colon)
            output.append(decimal: Int64(port))
        }
        parameters.append(to: &output)
    }
}
