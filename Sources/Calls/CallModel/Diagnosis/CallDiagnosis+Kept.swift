package import Wire

/// As it is kept with the record: the facts alone, for every call leaves them and few are looked at.
///
/// Findings are made of the facts when somebody asks.
extension CallDiagnosis {
    /// Which form the text has, and how no JSON begins; without it, it is JSON as older programs kept it.
    private static let mark = "#1:"

    package var keptText: String {
        var text = CompactWriter()
        write(to: &text)
        return Self.mark + text.text
    }

    /// What was kept, as it is answered; nil when it cannot be read.
    package static func json(kept text: String) -> JSONValue? {
        guard text.hasPrefix(mark) else { return try? JSONValue(parsing: text) }
        var reader = CompactReader(text.dropFirst(mark.count))
        return (try? CallDiagnosis(from: &reader))?.json
    }

    private func write(to text: inout CompactWriter) {
        text.write(callID.description)
        text.write(state.rawValue)
        text.write(endReason) { $0.write($1.rawValue) }
        text.write(steps) { text, step in
            text.write(step.at.milliseconds)
            text.write(step.state.rawValue)
        }
        text.write(legs) { $1.write(to: &$0) }
        text.write(troubles) { $1.write(to: &$0) }
        text.write(holder)
    }

    private init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        guard let id = UUID(try text.word()) else { throw CompactReader.Unreadable() }
        callID = id
        state = try text.word(CallState.self)
        endReason = try text.optional { text throws(CompactReader.Unreadable) in try text.word(EndReason.self) }
        steps = try text.list { text throws(CompactReader.Unreadable) in
            Step(at: try text.time(), state: try text.word(CallState.self))
        }
        legs = try text.list { text throws(CompactReader.Unreadable) in try LegFacts(from: &text) }
        troubles = try text.list { text throws(CompactReader.Unreadable) in try LegTrouble(from: &text) }
        holder = try text.optionalWord()
    }
}

extension CompactWriter {
    mutating func write(_ moment: WallTime?) { write(moment) { $0.write($1.milliseconds) } }

    mutating func write(_ number: Double?) { write(number) { $0.write($1) } }

    mutating func write(_ word: String?) { write(word) { $0.write($1) } }

    mutating func write(_ address: SocketAddress) {
        write(address.ip.isIPv4)
        if !address.ip.isIPv4 { write(address.ip.high) }
        write(address.ip.isIPv4 ? UInt64(address.ip.v4) : address.ip.low)
        write(UInt64(address.port))
    }

    mutating func write(_ address: SocketAddress?) { write(address) { $0.write($1) } }
}

extension CompactReader {
    mutating func time() throws(Unreadable) -> WallTime { WallTime(milliseconds: try signed()) }

    mutating func optionalTime() throws(Unreadable) -> WallTime? {
        try optional { text throws(Unreadable) in try text.time() }
    }

    mutating func optionalReal() throws(Unreadable) -> Double? {
        try optional { text throws(Unreadable) in try text.real() }
    }

    mutating func optionalWord() throws(Unreadable) -> String? {
        try optional { text throws(Unreadable) in try text.word() }
    }

    mutating func address() throws(Unreadable) -> SocketAddress {
        let isIPv4 = try flag()
        let ip =
            isIPv4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: try number()))
            : IPAddress(high: try number(), low: try number())
        return SocketAddress(ip: ip, port: UInt16(truncatingIfNeeded: try number()))
    }

    mutating func optionalAddress() throws(Unreadable) -> SocketAddress? {
        try optional { text throws(Unreadable) in try text.address() }
    }
}

extension LegFacts {
    fileprivate func write(to text: inout CompactWriter) {
        text.write(leg)
        text.write(kind.rawValue)
        text.write(party)
        text.write(side.rawValue)
        text.write(state.rawValue)
        text.write(codec)
        text.write(sends)
        text.write(receives)
        text.write(upFor.wholeMilliseconds)
        text.write(isSecured)
        text.write(isMuted)
        text.write(quietFor) { $0.write($1.wholeMilliseconds) }
        text.write(silentPackets)
        text.write(reportsHeard)
        received.write(to: &text)
        sent.write(to: &text)
        text.write(local) { $0.write($1) }
        text.write(announced)
        text.write(described)
        text.write(remote)
        text.write(strangers) { text, stranger in
            text.write(stranger.address)
            text.write(stranger.packets)
        }
        text.write(strangersPackets)
        srtpFailures.write(to: &text)
        text.write(transport) { $1.write(to: &$0) }
        quality.write(to: &text)
        curve.write(to: &text)
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        self.init(
            leg: try text.count(), kind: try text.word(LegQuality.Kind.self), party: try text.word(),
            side: try text.word(Leg.Side.self), state: try text.word(LegState.self))
        codec = try text.optionalWord()
        (sends, receives) = (try text.flag(), try text.flag())
        (upFor, isSecured) = (.milliseconds(try text.signed()), try text.flag())
        isMuted = try text.flag()
        quietFor = try text.optional { text throws(CompactReader.Unreadable) in .milliseconds(try text.signed()) }
        (silentPackets, reportsHeard) = (try text.number(), try text.number())
        (received, sent) = (try Flow(from: &text), try Flow(from: &text))
        local = try text.list { text throws(CompactReader.Unreadable) in try text.address() }
        (announced, described) = (try text.optionalAddress(), try text.optionalAddress())
        remote = try text.optionalAddress()
        strangers = try text.list { text throws(CompactReader.Unreadable) in
            Stranger(address: try text.address(), packets: try text.number())
        }
        strangersPackets = try text.number()
        srtpFailures = try Sealed(from: &text)
        transport = try text.optional { text throws(CompactReader.Unreadable) in try TransportState(from: &text) }
        try quality.read(from: &text)
        curve = try QualityCurve(from: &text)
    }
}

extension LegFacts.Flow {
    fileprivate func write(to text: inout CompactWriter) {
        text.write(packets)
        text.write(bytes)
        text.write(firstAt)
        text.write(lastAt)
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        self.init()
        (packets, bytes) = (try text.number(), try text.number())
        (firstAt, lastAt) = (try text.optionalTime(), try text.optionalTime())
    }
}

extension LegFacts.Sealed {
    fileprivate func write(to text: inout CompactWriter) {
        for count in [authentication, replayed, withoutKey, other] { text.write(count) }
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        self.init()
        (authentication, replayed) = (try text.number(), try text.number())
        (withoutKey, other) = (try text.number(), try text.number())
    }
}

extension TransportState {
    fileprivate func write(to text: inout CompactWriter) {
        text.write(checks)
        text.write(firstCheckAt)
        text.write(lastCheckAt)
        text.write(validated) { $0.write($1) }
        text.write(selected)
        text.write(isOverTCP)
        text.write(isConsentLost)
        text.write(handshake.rawValue)
        text.write(connectedAt)
        text.write(isServer) { $0.write($1) }
        text.write(failure) { $1.write(to: &$0) }
        text.write(sentAlert) { $0.write(UInt64($1)) }
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        self.init()
        checks = try text.number()
        (firstCheckAt, lastCheckAt) = (try text.optionalTime(), try text.optionalTime())
        validated = try text.list { text throws(CompactReader.Unreadable) in try text.address() }
        selected = try text.optionalAddress()
        (isOverTCP, isConsentLost) = (try text.flag(), try text.flag())
        handshake = try text.word(Handshake.self)
        connectedAt = try text.optionalTime()
        isServer = try text.optional { text throws(CompactReader.Unreadable) in try text.flag() }
        failure = try text.optional { text throws(CompactReader.Unreadable) in try Failure(from: &text) }
        sentAlert = try text.optional { text throws(CompactReader.Unreadable) in
            UInt8(truncatingIfNeeded: try text.number())
        }
    }
}

extension TransportState.Failure {
    /// All but the one that the browser gave a reason for.
    private static let plain = [fingerprintMismatch, noSRTPProfile, protocolViolation, timedOut, unavailable]

    fileprivate func write(to text: inout CompactWriter) {
        text.write(word)
        if let alert { text.write(UInt64(alert)) }
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        let word = try text.word()
        if let failure = Self.plain.first(where: { $0.word == word }) {
            self = failure
        } else {
            self = .refused(alert: UInt8(truncatingIfNeeded: try text.number()))
        }
    }
}

extension LegQuality {
    /// Without the leg, which is known.
    fileprivate func write(to text: inout CompactWriter) {
        text.write(codec)
        text.write(mos) { text, score in
            for value in [score.current, score.minimum, score.average] { text.write(value) }
        }
        received.write(to: &text)
        sent.write(to: &text)
        text.write(roundTripMilliseconds)
        text.write(transcoding)
    }

    fileprivate mutating func read(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        codec = try text.optionalWord()
        mos = try text.optional { text throws(CompactReader.Unreadable) in
            Score(current: try text.real(), minimum: try text.real(), average: try text.real())
        }
        (received, sent) = (try Direction(from: &text), try Direction(from: &text))
        roundTripMilliseconds = try text.optionalReal()
        transcoding = try text.optionalWord()
    }
}

extension LegQuality.Direction {
    fileprivate func write(to text: inout CompactWriter) {
        text.write(packets)
        text.write(loss)
        text.write(recentLoss)
        text.write(jitterMilliseconds)
        text.write(mos)
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        self.init(packets: try text.signed())
        (loss, recentLoss) = (try text.optionalReal(), try text.optionalReal())
        (jitterMilliseconds, mos) = (try text.optionalReal(), try text.optionalReal())
    }
}

extension QualityCurve {
    fileprivate func write(to text: inout CompactWriter) {
        text.write(looks)
        text.write(points) { text, point in
            text.write(point.mos)
            text.write(point.loss)
            text.write(point.jitterMilliseconds)
        }
    }

    fileprivate init(from text: inout CompactReader) throws(CompactReader.Unreadable) {
        let looks = try text.count()
        let points = try text.list { text throws(CompactReader.Unreadable) in
            Point(
                mos: try text.optionalReal(), loss: try text.optionalReal(),
                jitterMilliseconds: try text.optionalReal())
        }
        self.init(points: points, looks: looks)
    }
}
