import Testing
import Wire

@testable import CallModel

struct KeptDiagnosisTests {
    private static let noon = WallTime(milliseconds: 1_762_776_000_000)

    private static var record: CallRecord {
        var entropy = Entropy(seed: 4)
        return CallRecord(
            id: 1, uuid: UUID(using: &entropy), source: .sip, direction: .incoming, state: .completed,
            callerNumber: "1", receiverNumber: "2", startedAt: noon)
    }

    /// A leg that has everything a leg can have.
    private static func wholeLeg(of party: String = "страница Анны") -> LegFacts {
        var leg = LegFacts(leg: 3, kind: .browser, party: party, side: .target, state: .up)
        (leg.codec, leg.sends, leg.upFor, leg.isSecured) = ("opus/48000/2", true, .milliseconds(61_250), true)
        (leg.received.packets, leg.received.bytes) = (3_000, .max)
        (leg.received.firstAt, leg.received.lastAt) = (noon, WallTime(milliseconds: -1))
        leg.sent.packets = 31
        let six = SocketAddress(ip: IPAddress("2001:db8::1") ?? .loopbackIPv6, port: 65_535)
        leg.local = [SocketAddress(ip: .loopbackIPv4, port: 4000), six]
        (leg.announced, leg.remote) = (six, SocketAddress(ip: .anyIPv4, port: 0))
        (leg.strangers, leg.strangersPackets) = ([LegFacts.Stranger(address: six, packets: 32)], 33)
        (leg.srtpFailures.authentication, leg.srtpFailures.other) = (5, 1)
        (leg.isMuted, leg.quietFor, leg.silentPackets, leg.reportsHeard) = (true, .milliseconds(9_250), 34, 35)
        leg.described = SocketAddress(ip: IPAddress(v4: 0x0A00_0005), port: 4001)
        leg.quality.mos = LegQuality.Score(current: 4.4, minimum: 1.0 / 3, average: 4.25)
        (leg.quality.sent.packets, leg.quality.sent.loss, leg.quality.received.mos) = (-4, 0.1, 4.1)
        (leg.quality.roundTripMilliseconds, leg.quality.transcoding) = (20.5, "PCMU to opus")
        for loss in [0.5, 0] { leg.curve.add(QualityCurve.Point(mos: 4, loss: loss, jitterMilliseconds: nil)) }
        return leg
    }

    private static var transport: TransportState {
        var transport = TransportState()
        (transport.checks, transport.firstCheckAt, transport.connectedAt) = (7, noon, noon + .seconds(1))
        (transport.selected, transport.isOverTCP) = (SocketAddress(ip: .loopbackIPv4, port: 9), true)
        (transport.validated, transport.isConsentLost) = ([SocketAddress(ip: .loopbackIPv6, port: 9)], true)
        (transport.handshake, transport.isServer, transport.sentAlert) = (.underWay, false, 46)
        return transport
    }

    private static let failures: [TransportState.Failure?] = [
        nil, .fingerprintMismatch, .refused(alert: 42), .noSRTPProfile, .protocolViolation, .timedOut, .unavailable,
    ]

    @Test(arguments: failures) func `what is kept is answered as it was, whatever a leg has`(
        failure: TransportState.Failure?
    ) throws {
        var transport = Self.transport
        transport.failure = failure
        let legs = ["страница Анны", "страница Анны\0"].map { party in
            var leg = Self.wholeLeg(of: party)
            leg.transport = transport
            return leg
        }
        var ended = Self.record
        ended.endReason = .mediaTimeout
        let steps = [CallDiagnosis.Step(at: Self.noon, state: .ringing)]
        let plain = LegFacts(leg: 1, kind: .sip, party: "the trunk", side: .caller, state: .over)
        let diagnosis = CallDiagnosis(ended, steps: steps, legs: [plain, legs[1]])
        let expected = CallDiagnosis(ended, steps: steps, legs: [plain, legs[0]])
        #expect(CallDiagnosis.json(kept: diagnosis.keptText) == expected.json)
    }

    private static let troubles: [LegTrouble.Kind] = [
        .refused(status: 603, words: "Нет"), .silent(for: .milliseconds(32_001)), .noWay(.noTrunk), .noWay(.noChannel),
        .noWay(.unknownName), .noWay(.noNumber), .noWay(.secureConnection("expired")), .noWay(.connection(nil)),
        .noWay(.connection("refused")), .noWay(.limits), .nobodyThere(wrongPassword: nil),
        .nobodyThere(wrongPassword: .seconds(7)), .badAnswer, .unacknowledged(for: .seconds(9)), .peerGone, .expired,
    ]

    @Test(arguments: troubles) func `so is whatever was wrong with the signalling`(kind: LegTrouble.Kind) {
        var ended = Self.record
        ended.endReason = .signallingFailed
        let troubles = [
            LegTrouble(leg: 3, party: "trunk «Связь»", isTrunk: true, kind, offered: ["PCMA", "opus"]),
            LegTrouble(leg: nil, party: "1002", kind),
        ]
        let diagnosis = CallDiagnosis(ended, legs: [Self.wholeLeg()], troubles: troubles)
        #expect(CallDiagnosis.json(kept: diagnosis.keptText) == diagnosis.json)
        #expect(diagnosis.json != CallDiagnosis(ended, legs: [Self.wholeLeg()]).json)
    }

    @Test(arguments: [nil, "phone 1002"]) func `so is who put it on hold`(holder: String?) {
        let steps = [CallState.answered, .held].map { CallDiagnosis.Step(at: Self.noon, state: $0) }
        var diagnosis = CallDiagnosis(Self.record, steps: steps, legs: [Self.wholeLeg()])
        diagnosis.holder = holder
        #expect(CallDiagnosis.json(kept: diagnosis.keptText) == diagnosis.json)
        let text = diagnosis.json.text
        #expect(text.contains("phone 1002") == (holder != nil))
        for member in ["\"muted\":true", "\"silentPackets\":34", "\"quietSeconds\":9.3", "10.0.0.5:4001"] {
            #expect(text.contains(member), "\(member)")
        }
    }

    @Test func `it takes a small part of what is answered`() {
        let legs = [1, 2].map { LegFacts(leg: $0, kind: .sip, party: "trunk load", side: .caller, state: .over) }
        let diagnosis = CallDiagnosis(Self.record, legs: legs)
        #expect(diagnosis.keptText.utf8.count * 5 < diagnosis.json.text.utf8.count)
    }

    @Test func `older programs kept JSON, which is still answered, and what nobody wrote is nothing`() throws {
        #expect(CallDiagnosis.json(kept: #"{"findings":[]}"#) == ["findings": []])
        let whole = CallDiagnosis(Self.record, legs: [Self.wholeLeg()]).keptText
        for length in 0..<whole.count {
            #expect(CallDiagnosis.json(kept: String(whole.prefix(length))) == nil, "\(length) of \(whole.count)")
        }
    }
}
