import Crypto
import Wire

/// The one audio stream we take from a remote offer or answer, with the description it stood in.
package struct RemoteAudio: Hashable, Sendable {
    /// Handed on with every change of a call and never changed: all copies are one reference.
    private let parts: Parts

    private final class Parts: Sendable {
        let description: SessionDescription
        let index: Int
        let stream: AudioStream

        init(_ description: SessionDescription, _ index: Int, _ stream: AudioStream) {
            (self.description, self.index, self.stream) = (description, index, stream)
        }
    }

    // Lent and not copied: most who look want one property of many.

    package var description: SessionDescription { _read { yield parts.description } }
    /// Which m-line the stream is.
    package var index: Int { parts.index }
    package var stream: AudioStream { _read { yield parts.stream } }

    /// Reads a description and picks its first usable audio line: RTP, plain or with keys, or DTLS-SRTP with all that needs.
    package init(parsing bytes: [UInt8]) throws(SDPError) {
        try self.init(SessionDescription(parsing: bytes))
    }

    package init(_ description: SessionDescription) throws(SDPError) {
        for (index, media) in description.media.enumerated() where media.kind == "audio" && !media.isRefused {
            guard let stream = StreamReader(description, media).stream() else { continue }
            parts = Parts(description, index, stream)
            return
        }
        throw .noUsableAudio
    }

    /// Whether anything changed since `other` that the media must be told of.
    package func differsInMedia(from other: RemoteAudio) -> Bool { stream.differsInMedia(from: other.stream) }

    package static func == (left: RemoteAudio, right: RemoteAudio) -> Bool {
        left.parts === right.parts
            || left.index == right.index && left.stream == right.stream && left.description == right.description
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(index)
        hasher.combine(description)
    }
}

/// Gathers one m-line's stream from its own, its bundle's and the session's attributes.
private struct StreamReader {
    private let session: SessionDescription
    private let media: MediaDescription
    private let bundle: [Substring]

    init(_ session: SessionDescription, _ media: MediaDescription) {
        (self.session, self.media) = (session, media)
        bundle = session.bundle
    }

    func stream() -> AudioStream? {
        var stream = AudioStream(rtp: nil, codecs: [], direction: direction())
        readFormats(into: &stream)
        stream.rtcpMux = transportValue("rtcp-mux") != nil
        stream.packetTime = media.attributes.value("ptime").flatMap { ASCII.decimal($0.utf8.span, maximumDigits: 3) }
            .map { UInt16($0) }
        stream.mid = media.mid
        stream.isBundled = media.mid.map { mid in bundle.contains { $0 == mid } } ?? false
        readAddresses(into: &stream)
        switch media.profile {
        case "RTP/AVP", "RTP/AVPF": return readKeys(into: &stream) ? stream : nil
        case "RTP/SAVPF", "RTP/SAVP":
            readSecurity(into: &stream)
            if stream.isBrowser { return stream }
            (stream.ice, stream.fingerprints, stream.setup, stream.requiresKeys) = (nil, [], nil, true)
            return readKeys(into: &stream) ? stream : nil
        case "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF":
            readSecurity(into: &stream)
            return stream.isBrowser ? stream : nil
        default:
            return nil
        }
    }

    /// The keys beside the stream; false when it cannot do without and has none.
    private func readKeys(into stream: inout AudioStream) -> Bool {
        var count = 0
        for attribute in media.attributes where attribute.name == "crypto" && count < Self.maximumKeys {
            count += 1
            if let key = CryptoAttribute(attribute.value) { stream.crypto.append(key) }
        }
        // RFC 8866 section 5.7 demands an address: without one the far end could never be sent anything.
        guard media.connection != nil || session.connection != nil else { return false }
        return !stream.requiresKeys || !stream.crypto.isEmpty
    }

    /// Lines looked at: more than there are suites with all their variations.
    private static let maximumKeys = 32

    /// The direction of the media, else of the session, else both ways (RFC 8866 section 6.7).
    private func direction() -> MediaDirection {
        Self.direction(in: media.attributes) ?? Self.direction(in: session.attributes) ?? .sendrecv
    }

    private static func direction(in attributes: [SDPAttribute]) -> MediaDirection? {
        // All four words are of one length.
        for attribute in attributes where attribute.name.utf8.count == 8 {
            if let direction = MediaDirection(rawValue: attribute.name) { return direction }
        }
        return nil
    }

    private func readFormats(into stream: inout AudioStream) {
        let (mappings, parameters) = readMappings()
        var seen: UInt128 = 0
        for format in media.formats {
            guard let type = payloadType(format.utf8.span), seen >> UInt128(type) & 1 == 0 else { continue }
            seen |= 1 << UInt128(type)
            let mapped = mappings.first { $0.payloadType == type }?.codec
            guard let codec = mapped ?? Codec(staticPayloadType: type) else { continue }
            if ASCII.equalIgnoringCase(codec.encoding, "telephone-event") {
                stream.telephoneEvents.append(TelephoneEventFormat(payloadType: type, clockRate: codec.clockRate))
            } else if !Self.supplementary.contains(where: { ASCII.equalIgnoringCase($0, codec.encoding) }) {
                let own = parameters.first { $0.payloadType == type }?.text ?? ""
                stream.codecs.append(PayloadFormat(payloadType: type, codec: codec, parameters: own))
            }
        }
    }

    /// What `rtpmap` and `fmtp` say of payload types, the first of each first; few, so that they are searched one by one.
    private func readMappings() -> (
        codecs: [(payloadType: UInt8, codec: Codec)], parameters: [(payloadType: UInt8, text: String)]
    ) {
        var codecs: [(payloadType: UInt8, codec: Codec)] = []
        var parameters: [(payloadType: UInt8, text: String)] = []
        for attribute in media.attributes where attribute.name == "rtpmap" || attribute.name == "fmtp" {
            var words = Words(attribute.value.utf8.span)
            guard let number = words.next(), let type = payloadType(number), let rest = words.rest else { continue }
            if attribute.name == "fmtp" {
                parameters.append((type, text(rest)))
            } else if let codec = Codec(rtpmap: rest) {
                codecs.append((type, codec))
            }
        }
        return (codecs, parameters)
    }

    /// Formats that accompany a codec and cannot carry a call by themselves.
    private static let supplementary = ["cn", "red", "ulpfec", "flexfec-03", "rtx", "tone"]

    private func payloadType(_ word: Span<UInt8>) -> UInt8? {
        ASCII.decimal(word, maximumDigits: 3).flatMap { $0 < 128 ? UInt8($0) : nil }
    }

    private func readAddresses(into stream: inout AudioStream) {
        let usesICE = transportValue("ice-ufrag") != nil
        let connection = media.connection ?? session.connection
        guard let ip = connection?.ip else { return }
        if ip.isUnspecified {
            // RFC 3264 section 8.4: the hold of RFC 2543. A browser that trickles writes the same and means nothing.
            if !usesICE { stream.direction = stream.direction & .sendonly }
            return
        }
        guard media.port != 0, !(usesICE && media.port == 9) else { return }
        stream.rtp = SocketAddress(ip: ip, port: media.port)
        stream.rtcp = stream.rtcpMux ? nil : explicitRTCP(ip) ?? nextPort(ip)
    }

    private func nextPort(_ ip: IPAddress) -> SocketAddress? {
        media.port == .max ? nil : SocketAddress(ip: ip, port: media.port + 1)
    }

    /// Reads `a=rtcp:53020` and `a=rtcp:53020 IN IP4 192.0.2.1` (RFC 3605).
    private func explicitRTCP(_ ip: IPAddress) -> SocketAddress? {
        guard let value = media.attributes.value("rtcp") else { return nil }
        var words = Words(value.utf8.span)
        guard let digits = words.next(), let number = ASCII.decimal(digits, maximumDigits: 5),
            let port = UInt16(exactly: number), port != 0
        else { return nil }
        guard let rest = words.rest, let other = SDPConnection(rest)?.ip else {
            return SocketAddress(ip: ip, port: port)
        }
        return SocketAddress(ip: other, port: port)
    }

    private func readSecurity(into stream: inout AudioStream) {
        guard let fragment = transportValue("ice-ufrag"), let password = transportValue("ice-pwd") else { return }
        let candidates = media.attributes.filter { $0.name == "candidate" }
        stream.ice = ICEDescription(
            usernameFragment: fragment, password: password, isLite: session.attributes.has("ice-lite"),
            candidates: candidates.compactMap { Candidate("candidate:\($0.value)") })
        stream.fingerprints = transportValues("fingerprint").compactMap { Fingerprint($0) }
        stream.setup = transportValue("setup").flatMap { SetupRole(rawValue: $0) }
    }

    private func transportValue(_ name: String) -> String? {
        media.attributes.value(name) ?? session.attributes.value(name) ?? bundleTransport.value(name)
    }

    /// Attributes that describe the path.
    ///
    /// The media's own come first, then the session's, then those of the bundle's first section, which alone carries
    /// them when the others are bundle-only (RFC 9143 section 7.1.2).
    private func transportValues(_ name: String) -> [String] {
        for attributes in [media.attributes, session.attributes, bundleTransport] {
            let values = attributes.filter { $0.name == name }.map(\.value)
            if !values.isEmpty { return values }
        }
        return []
    }

    private var bundleTransport: [SDPAttribute] {
        guard let mid = media.mid, let tag = bundle.first, bundle.contains(where: { $0 == mid }) else { return [] }
        return session.media.first { $0.mid.map { $0 == tag } ?? false }?.attributes ?? []
    }
}
