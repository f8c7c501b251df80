package import Wire

/// Our side of one offer/answer session (RFC 3264): one for each SIP dialog or browser connection.
///
/// It remembers what later offers may not change: the session id, the m-lines and their order, the payload type of each
/// codec. The version rises by one exactly when the body changes.
package struct LocalSession: Sendable {
    package let id: UInt64
    package private(set) var version: UInt64 = 1
    /// What later descriptions keep of the audio line; nil before the first description.
    private var audio: (profile: String, mid: String?)?
    /// The lines of the far end's offer that are refused before and after it.
    private var refused: (before: [MediaDescription], after: [MediaDescription]) = ([], [])
    private var offered: LocalAudioOffer?
    /// The numbers of codecs and of digits, which stay theirs; few, so that they are searched one by one.
    private var formats: [(codec: Codec, payloadType: UInt8)] = []
    private var eventFormats: [TelephoneEventFormat] = []
    /// The clocks in which the other end itself offered digits.
    private var understoodEventClocks: [UInt32] = []
    private var role: SetupRole?
    /// A hash of our latest description after its origin: another one counts as a new version.
    private var lastBody: Int?
    private var exchange = SDESExchange()
    private var entropy: Entropy

    /// `id` is random; its top bits are dropped because some readers hold it in a signed number.
    ///
    /// SRTP keys of ours are drawn from `entropy`.
    package init(id: UInt64, entropy: Entropy = .system) { (self.id, self.entropy) = (id >> 2, entropy) }

    /// The body of an offer: the first one, or a later one that changes codecs, direction or address.
    package mutating func offer(_ offer: LocalAudioOffer) -> [UInt8] {
        offered = offer
        var line = audioLine(
            for: offer.transport, profile: audio?.profile ?? offer.transport.profile(offer.encryption))
        let types = offer.codecs.map { PayloadFormat(payloadType: payloadType(of: $0), codec: $0) }
        let events = eventClocks(for: offer.codecs).map {
            TelephoneEventFormat(payloadType: eventType(of: $0), clockRate: $0)
        }
        line.append(formats: types, events: events)
        line.append(offer.direction)
        line.append(offer.transport, mid: audio.map(\.mid) ?? offer.transport.firstMid, setup: .actpass)
        if case .rtp = offer.transport {
            line.append(exchange.offer(offer.encryption, isSecure: line.profile.isSecure, from: &entropy))
        }
        return body(with: line, for: offer.transport, bundles: true)
    }

    /// What the answer to our last offer makes of it; nil when it takes none of the codecs we offered, or lacks keys that
    /// it must have.
    package mutating func negotiated(from answer: RemoteAudio) -> NegotiatedAudio? {
        guard let offered,
            let format = answer.stream.codecs.first(where: {
                knownType(of: $0.codec) != nil && offered.codecs.contains($0.codec)
            }),
            let receive = knownType(of: format.codec)
        else { return nil }
        let event = answer.stream.telephoneEvent(for: format.codec).flatMap { event in
            knownEventType(of: event.clockRate).map {
                NegotiatedTelephoneEvent(
                    sendPayloadType: event.payloadType, receivePayloadType: $0, clockRate: event.clockRate)
            }
        }
        var negotiated = NegotiatedAudio(
            codec: format.codec, sendPayloadType: format.payloadType, receivePayloadType: receive,
            telephoneEvent: event, direction: offered.direction & answer.stream.direction.reversed)
        guard case .rtp = offered.transport else { return negotiated }
        guard let agreement = exchange.taken(answer.stream) else { return nil }
        negotiated.crypto = agreement.keys
        return negotiated
    }

    /// The body of an answer that takes one codec and refuses every other m-line.
    ///
    /// Nil when the codec was not offered, or the offer lacks keys that are wanted: answer 488.
    package mutating func answer(_ answer: LocalAudioAnswer) -> LocalAnswer? {
        let (offer, stream) = (answer.offer, answer.offer.stream)
        guard let format = stream.codecs.first(where: { $0.codec == answer.codec }),
            let agreement = agreement(answer)
        else { return nil }
        let event = stream.telephoneEvent(for: answer.codec)
        let direction = answer.direction & stream.direction.reversed
        let lines = offer.description.media
        refused = (lines[..<offer.index].map(\.refused), lines[(offer.index + 1)...].map(\.refused))
        var line = audioLine(for: answer.transport, profile: lines[offer.index].profile)
        line.append(
            formats: [PayloadFormat(payloadType: format.payloadType, codec: format.codec)],
            events: event.map { [$0] } ?? [])
        line.append(direction)
        if case .rtp = answer.transport, stream.rtcpMux { line.attributes.append(SDPAttribute("rtcp-mux")) }
        line.append(answer.transport, mid: stream.mid, setup: role(answering: stream.setup ?? .actpass))
        line.append(agreement.line.map { [$0] } ?? [])
        remember(stream)
        var negotiated = NegotiatedAudio(
            codec: format.codec, sendPayloadType: format.payloadType, receivePayloadType: format.payloadType,
            telephoneEvent: event.map(NegotiatedTelephoneEvent.init(bothWays:)), direction: direction)
        negotiated.crypto = agreement.keys
        let body = body(with: line, for: answer.transport, bundles: stream.isBundled)
        return LocalAnswer(body: body, negotiated: negotiated)
    }
}

extension LocalSession {
    private mutating func agreement(_ answer: LocalAudioAnswer) -> SDESExchange.Agreement? {
        guard case .rtp = answer.transport else { return SDESExchange.Agreement(line: nil, keys: nil) }
        return exchange.answer(answer.offer.stream, answer.encryption, from: &entropy)
    }

    private func audioLine(for transport: LocalTransport, profile: String) -> MediaDescription {
        let address = transport.defaultAddress
        return MediaDescription(
            kind: "audio", port: address.port, profile: profile, formats: [], connection: SDPConnection(address.ip))
    }

    private mutating func body(
        with line: MediaDescription, for transport: LocalTransport, bundles: Bool
    ) -> [UInt8] {
        audio = (line.profile, line.mid)
        let address = SDPConnection(transport.defaultAddress.ip)
        var attributes: [SDPAttribute] = []
        if case .browser = transport {
            attributes.append(SDPAttribute("ice-lite"))
            if bundles, let mid = line.mid { attributes.append(SDPAttribute("group", "BUNDLE \(mid)")) }
        }
        var description = SessionDescription(
            origin: origin(address), connection: address, attributes: attributes,
            media: refused.before + [line] + refused.after)
        let body = description.serialized()
        let hash = Self.hashAfterOrigin(body)
        let isAnother = lastBody != nil && lastBody != hash
        lastBody = hash
        guard isAnother else { return body }
        version += 1
        description.origin = origin(address)
        return description.serialized()
    }

    private func origin(_ address: SDPConnection) -> String {
        var text = OctetWriter(capacity: 64)
        text.append("- " as StaticString)
        text.append(decimal: Int64(clamping: id))
        text.append(ASCII.space)
        text.append(decimal: Int64(clamping: version))
        text.append(ASCII.space)
        address.append(to: &text)
        return text.text
    }

    /// Of what follows the first two lines, `v=` and `o=`.
    private static func hashAfterOrigin(_ body: [UInt8]) -> Int {
        let bytes = body.span
        let version = bytes.firstIndex(of: ASCII.lineFeed) ?? bytes.count
        let origin = bytes.firstIndex(of: ASCII.lineFeed, from: version + 1) ?? bytes.count
        var hasher = Hasher()
        bytes.extracting(origin...).withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// The DTLS role, which a further offer may leave open but not change (RFC 8842 section 5.5).
    private mutating func role(answering offered: SetupRole) -> SetupRole {
        let answered = offered == .actpass ? role ?? offered.answered : offered.answered
        role = answered
        return answered
    }

    /// Keeps the numbers an offer gave its codecs, which must stay theirs for the session (RFC 3264 section 8.3.2).
    private mutating func remember(_ stream: AudioStream) {
        for format in stream.codecs where knownType(of: format.codec) == nil && isFree(format.payloadType) {
            formats.append((format.codec, format.payloadType))
        }
        for event in stream.telephoneEvents {
            if !understoodEventClocks.contains(event.clockRate) { understoodEventClocks.append(event.clockRate) }
            guard knownEventType(of: event.clockRate) == nil, isFree(event.payloadType) else { continue }
            eventFormats.append(event)
        }
    }

    private func isFree(_ type: UInt8) -> Bool {
        !formats.contains { $0.payloadType == type } && !eventFormats.contains { $0.payloadType == type }
    }

    private func knownType(of codec: Codec) -> UInt8? { formats.first { $0.codec == codec }?.payloadType }

    private func knownEventType(of clockRate: UInt32) -> UInt8? {
        eventFormats.first { $0.clockRate == clockRate }?.payloadType
    }

    private mutating func payloadType(of codec: Codec) -> UInt8 {
        if let known = knownType(of: codec) { return known }
        let type = codec.staticPayloadType ?? freeType(from: 96)
        formats.append((codec, type))
        return type
    }

    private mutating func eventType(of clockRate: UInt32) -> UInt8 {
        if let known = knownEventType(of: clockRate) { return known }
        let type = freeType(from: 101)
        eventFormats.append(TelephoneEventFormat(payloadType: type, clockRate: clockRate))
        return type
    }

    private func freeType(from first: UInt8) -> UInt8 {
        (first...127).first(where: isFree) ?? (96...127).first(where: isFree) ?? (35...63).first(where: isFree) ?? 127
    }

    /// One telephone-event format for each clock in use.
    ///
    /// 8000 besides, because some understand no other; but not where the other end is known to understand what fits: of
    /// two formats a browser may well use the wrong one.
    private func eventClocks(for codecs: [Codec]) -> [UInt32] {
        var clocks: [UInt32] = []
        for codec in codecs where !clocks.contains(codec.clockRate) { clocks.append(codec.clockRate) }
        clocks.sort()
        if clocks.allSatisfy(understoodEventClocks.contains) { return clocks }
        return [8000] + clocks.filter { $0 != 8000 }
    }
}

extension NegotiatedTelephoneEvent {
    fileprivate init(bothWays format: TelephoneEventFormat) {
        self.init(
            sendPayloadType: format.payloadType, receivePayloadType: format.payloadType, clockRate: format.clockRate)
    }
}

extension String {
    /// A protocol of SRTP and nothing else.
    fileprivate var isSecure: Bool { hasPrefix("RTP/SAVP") }
}
