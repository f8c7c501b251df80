import Wire

/// Quoted strings as headers write them (RFC 3261 25.1).
enum Quoting {
    static func quoted(_ plain: String) -> String {
        var text = OctetWriter()
        append(plain, to: &text)
        return text.text
    }

    /// Appends a quoted string; a control character, which a quoted string must not carry, becomes a space.
    static func append(_ plain: String, to output: inout OctetWriter) {
        output.append(UInt8(ascii: "\""))
        for byte in plain.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.append(UInt8(ascii: "\\")) }
            output.append(byte < UInt8.space || byte == 0x7F ? UInt8.space : byte)
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension OctetWriter {
    /// Appends a word without the bytes that no token may have.
    fileprivate mutating func appendToken(_ word: String) {
        let letters = word.utf8.span
        for index in letters.indices where Grammar.isToken(letters[index]) { append(letters[index]) }
    }
}

extension SIPParameters {
    /// As a header writes them: bare where a token or host may stand, quoted otherwise.
    func append(to output: inout OctetWriter) {
        let all = self.all.span
        for index in all.indices {
            output.append(UInt8(ascii: ";"))
            output.appendToken(all[index].name)
            guard let value = all[index].value else { continue }
            output.append(UInt8(ascii: "="))
            if Grammar.isBareParameterValue(value) {
                output.append(value)
            } else {
                Quoting.append(value, to: &output)
            }
        }
    }

    var headerText: String {
        var text = OctetWriter()
        append(to: &text)
        return text.text
    }
}

extension SIPURI.Scheme {
    fileprivate func append(to output: inout OctetWriter) {
        switch self {
        case .sip: output.append("sip" as StaticString)
        case .sips: output.append("sips" as StaticString)
        case .tel: output.append("tel" as StaticString)
        case .other(let name): output.appendToken(name)
        }
    }
}

extension SIPURI: CustomStringConvertible {
    package var description: String {
        var text = OctetWriter()
        append(to: &text)
        return text.text
    }

    func append(to output: inout OctetWriter) {
        scheme.append(to: &output)
        output.append(UInt8.colon)
        if scheme == .tel {
            for byte in (user ?? "").utf8 where SIPURI.isTelephoneByte(byte) { output.append(byte) }
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

    private func appendParametersAndHeaders(to output: inout OctetWriter) {
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
        var text = OctetWriter()
        append(to: &text)
        return text.text
    }

    func append(to output: inout OctetWriter) {
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
        var text = OctetWriter()
        append(to: &text)
        return text.text
    }

    func append(to output: inout OctetWriter) {
        output.append("SIP/2.0/" as StaticString)
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
