import Crypto
import Wire

/// How our own m-lines are written.
extension MediaDescription {
    /// This line refused: the same kind, protocol and tag, port 0 (RFC 3264 section 6).
    var refused: MediaDescription {
        let kept = attributes.first { $0.name == "mid" }.map { [$0] } ?? []
        return MediaDescription(
            kind: kind, port: 0, profile: profile, formats: formats.isEmpty ? ["0"] : formats,
            attributes: kept + [SDPAttribute("inactive")])
    }

    mutating func append(formats list: [PayloadFormat], events: [TelephoneEventFormat]) {
        formats.reserveCapacity(formats.count + list.count + events.count)
        // Two for each format, and what follows.
        attributes.reserveCapacity(attributes.count + 2 * (list.count + events.count) + 6)
        for format in list {
            append(format.payloadType, format.codec.encoding, format.codec.clockRate, format.codec.channels)
            if format.codec == .opus {
                attributes.append(SDPAttribute("fmtp", formats[formats.count - 1] + " minptime=10;useinbandfec=1"))
            }
        }
        for event in events {
            let type = append(event.payloadType, "telephone-event", event.clockRate)
            attributes.append(SDPAttribute("fmtp", type + " 0-16"))
        }
        attributes.append(SDPAttribute("ptime", "20"))
    }

    private static let numbers = (0...UInt8.max).map { String($0) }

    /// Names a format on the line, and in an `rtpmap` what it stands for.
    @discardableResult
    private mutating func append(
        _ type: UInt8, _ encoding: String, _ clockRate: UInt32, _ channels: UInt8 = 1
    ) -> String {
        let number = Self.numbers[Int(type)]
        formats.append(number)
        var mapping = OctetWriter(capacity: 64)
        mapping.append(number)
        mapping.append(ASCII.space)
        mapping.append(encoding)
        mapping.append(UInt8(ascii: "/"))
        mapping.append(decimal: Int64(clockRate))
        if channels > 1 {
            mapping.append(UInt8(ascii: "/"))
            mapping.append(decimal: Int64(channels))
        }
        attributes.append(SDPAttribute("rtpmap", mapping.text))
        return number
    }

    mutating func append(_ direction: MediaDirection) {
        attributes.append(SDPAttribute(direction.rawValue))
    }

    mutating func append(_ transport: LocalTransport, mid: String?, setup: SetupRole) {
        switch transport {
        case .rtp(let rtp, let rtcp):
            if let mid { attributes.append(SDPAttribute("mid", mid)) }
            guard let rtcp, rtcp.ip != rtp.ip || rtcp.port != rtp.port &+ 1 else { return }
            attributes.append(SDPAttribute("rtcp", "\(rtcp.port) \(SDPConnection(rtcp.ip).text)"))
        case .browser(let browser):
            if let mid { attributes.append(SDPAttribute("mid", mid)) }
            append(browser, setup: setup)
        }
    }

    mutating func append(_ crypto: [CryptoAttribute]) {
        for line in crypto { attributes.append(SDPAttribute("crypto", line.value)) }
    }

    private mutating func append(_ browser: BrowserDescription, setup: SetupRole) {
        attributes += [
            SDPAttribute("rtcp-mux"),
            SDPAttribute("ice-ufrag", browser.usernameFragment), SDPAttribute("ice-pwd", browser.password),
            SDPAttribute("fingerprint", browser.fingerprint.description), SDPAttribute("setup", setup.rawValue),
            SDPAttribute("msid", "\(browser.cname) audio"),
        ]
        if let ssrc = browser.ssrc { attributes.append(SDPAttribute("ssrc", "\(ssrc) cname:\(browser.cname)")) }
        let addresses = browser.addresses.enumerated()
        let candidates =
            addresses.map { Candidate(host: $1, position: $0) } + addresses.map { Candidate(passive: $1, position: $0) }
        for candidate in candidates {
            attributes.append(
                SDPAttribute("candidate", String(candidate.description.dropFirst("candidate:".count))))
        }
        attributes.append(SDPAttribute("end-of-candidates"))
    }
}

extension LocalTransport {
    func profile(_ encryption: SDESPolicy) -> String {
        switch self {
        case .rtp: encryption == .required ? "RTP/SAVP" : "RTP/AVP"
        case .browser: "UDP/TLS/RTP/SAVPF"
        }
    }

    /// The tag of our first offer's only line; plain RTP needs none.
    var firstMid: String? {
        switch self {
        case .rtp: nil
        case .browser: "0"
        }
    }

    /// What `c=` and the m-line name: for a browser the best candidate, or port 9 where there is none yet.
    var defaultAddress: SocketAddress {
        switch self {
        case .rtp(let address, _): address
        case .browser(let browser): browser.addresses.first ?? SocketAddress(ip: .anyIPv4, port: 9)
        }
    }
}
