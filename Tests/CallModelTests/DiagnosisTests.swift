import SDP
import Testing
import Wire

@testable import CallModel

private let soundAilments: [Ailment] = [
    Ailment("all is well", [page(), phone()], finds: [.soundBothWays]),
    Ailment(
        "nobody has talked yet",
        [
            page {
                $0.upFor = .seconds(1)
                silent(&$0)
            }
        ], finds: [.nothingFound]),
    Ailment(
        "no check reached us",
        [
            page {
                $0.transport = TransportState()
                silent(&$0)
            }, phone(),
        ],
        finds: [.iceNoChecks, .oneWay]),
    Ailment(
        "checks came and nothing was nominated",
        [
            page {
                $0.transport?.selected = nil
                $0.transport?.handshake = .waiting
                silent(&$0)
            }, phone(),
        ],
        finds: [.iceNotNominated, .oneWay]),
    Ailment(
        "DTLS never began",
        [
            page {
                $0.transport?.handshake = .waiting
                silent(&$0)
            }, phone(),
        ],
        finds: [.dtlsNotBegun, .oneWay]),
    Ailment(
        "DTLS never finished",
        [
            page {
                $0.transport?.handshake = .underWay
                silent(&$0)
            }, phone(),
        ],
        finds: [.dtlsUnfinished, .oneWay]),
    Ailment(
        "another certificate",
        [
            page {
                $0.transport?.handshake = .failed
                $0.transport?.failure = .fingerprintMismatch
                $0.upFor = .zero
            }
        ],
        ended: .mediaFailed, finds: [.wrongFingerprint]),
    Ailment(
        "the browser refused",
        [
            page {
                $0.transport?.handshake = .failed
                $0.transport?.failure = .refused(alert: 40)
                $0.upFor = .zero
            }
        ],
        ended: .mediaFailed, finds: [.dtlsFailed]),
    Ailment("a page without a microphone", [page(silent), phone()], finds: [.browserSilent, .oneWay]),
    Ailment(
        "a page that left", [page { $0.transport?.isConsentLost = true }, phone()], ended: .mediaTimeout,
        finds: [.consentLost, .mediaTimeout]),
    Ailment("a phone behind a firewall", [page(), phone(silent)], finds: [.phoneSilent, .oneWay]),
    Ailment(
        "a phone that sends from elsewhere",
        [
            page(),
            phone {
                silent(&$0)
                $0.strangersPackets = 500
                $0.strangers = [.init(address: address(9), packets: 500)]
            },
        ],
        finds: [.wrongSource, .oneWay]),
    Ailment(
        "a phone without an address",
        [
            page(),
            phone {
                silent(&$0)
                $0.announced = nil
                $0.sent = LegFacts.Flow()
            },
        ],
        finds: [.noAddress, .oneWay]),
    Ailment(
        "a phone with another key",
        [
            page(),
            phone {
                silent(&$0)
                $0.srtpFailures.authentication = 700
            },
        ],
        finds: [.srtpWrongKey, .oneWay]),
    Ailment(
        "a phone that changed its key", [page(), phone { $0.srtpFailures.authentication = 700 }],
        finds: [.srtpWrongKey]),
    Ailment(
        "packets twice", [page(), phone { $0.srtpFailures.replayed = 700 }], finds: [.soundBothWays, .srtpReplayed]),
    Ailment(
        "somebody knocks",
        [
            page(),
            phone {
                $0.strangersPackets = 3
                $0.strangers = [.init(address: address(9), packets: 3)]
            },
        ],
        finds: [.soundBothWays, .strangersRefused]),
    Ailment("nothing is sent on", [page { $0.sent = LegFacts.Flow() }, phone()], finds: [.nothingSent]),
    Ailment("neither is heard", [page(silent), phone(silent)], finds: [.browserSilent, .phoneSilent]),
    Ailment(
        "on hold nobody need be heard",
        [
            page {
                silent(&$0)
                $0.receives = false
            }, phone(),
        ], finds: [.soundBothWays, .stillHeld]
    ).through(.initiated, .answered, .held),
    Ailment(
        "the phone hears nothing of us",
        [page(), phone { $0.quality.sent.recentLoss = 0.98 }], finds: [.notHeardByPeer]),
    Ailment(
        "loss",
        [
            page(),
            phone(
                sounding(3.2, 2.8) {
                    $0.received.loss = 0.08
                    $0.received.mos = 3
                }),
        ], finds: [.lowQuality]),
    Ailment("a bad moment", [page(), phone(sounding(4.2, 2.5) { $0.received.mos = 4.3 })], finds: [.lowQuality]),
    Ailment("good enough", [page(), phone(sounding(4.1, 3.7) { $0.received.mos = 4.1 })], finds: [.soundBothWays]),
    Ailment("no codec in common", [], ended: .noSharedCodec, finds: [.noSharedCodec]),
    Ailment("the page never came", [], ended: .neverJoined, finds: [.neverJoined]),
    Ailment("busy, and no more is known", [], ended: .busy, finds: [.notAnswered]),
    Ailment("nobody there", [], ended: .unavailable, finds: [.notRegistered]),
    Ailment("given up", [], ended: .callerCancelled, finds: [.callerGaveUp]),
    Ailment("nobody picks up", [], ended: .noAnswer, finds: [.rangUnanswered]).through(
        .initiated, .ringing, .noAnswer),
    Ailment("an announcement alone", [phone { $0.upFor = .zero }], ended: .busy, finds: [.busy, .earlyMediaOnly])
        .through(.initiated, .ringing, .busy).and(.refused(status: 486, words: "Busy Here")),
    Ailment("on hold to the end", [page(), phone()], ended: .callerHangup, finds: [.stillHeld])
        .through(.initiated, .answered, .held, .completed),
    Ailment("on hold", [page(), phone { $0.quietFor = .seconds(30) }], finds: [.soundBothWays, .stillHeld])
        .through(.initiated, .answered, .held),
    Ailment("a microphone switched off", [page { $0.silentPackets = 2990 }, phone()], finds: [.digitalSilence]),
    Ailment(
        "a microphone muted",
        [
            page {
                $0.silentPackets = 2990
                $0.isMuted = true
            }, phone(),
        ], finds: [.soundBothWays, .muted]),
    Ailment("a quiet minute", [page { $0.silentPackets = 1500 }, phone()], finds: [.soundBothWays]),
    Ailment(
        "a page that only listens",
        [
            page {
                silent(&$0)
                $0.receives = false
            }, phone(),
        ], finds: [.listensOnly]),
    Ailment("a phone that falls silent", [page(), phone { $0.quietFor = .seconds(9) }], finds: [.fellSilent]),
    Ailment("a breath", [page(), phone { $0.quietFor = .seconds(2) }], finds: [.soundBothWays]),
    Ailment(
        "behind NAT", [page(), phone { $0.described = SocketAddress(ip: IPAddress(v4: 0x0A00_0005), port: 4000) }],
        finds: [.soundBothWays, .privateAddress]),
    Ailment(
        "a phone that reports nothing of us", [page(), phone { $0.reportsHeard = 3 }], finds: [.notHeardByPeer]),
    Ailment(
        "media stopped", [page(), phone { $0.received.lastAt = nil }], ended: .mediaTimeout, finds: [.mediaTimeout]),
]

private let ailments = signallingAilments + soundAilments

struct DiagnosisTests {
    @Test(arguments: ailments)
    func `each ailment is found, once`(ailment: Ailment) {
        #expect(diagnose(ailment).findings.map(\.code) == ailment.finds)
    }

    @Test func `every code is found by some ailment`() {
        #expect(Set(ailments.flatMap(\.finds)) == Set(Finding.Code.allCases))
    }

    @Test(arguments: ailments)
    func `problems say what to do, and name the leg`(ailment: Ailment) {
        for finding in diagnose(ailment).findings where finding.severity != .note {
            #expect(!finding.text.isEmpty && !finding.advice.isEmpty)
            if let leg = finding.leg { #expect(finding.text.contains("leg \(leg)") || finding.text.contains("ICE")) }
        }
    }

    /// Figures that cost quality, and the words for it.
    struct Cost: Sendable {
        let words: String
        let change: @Sendable (inout LegQuality) -> Void
    }

    @Test(arguments: [
        Cost(words: "8.0 % of the packets from it") { $0.received.loss = 0.08 },
        Cost(words: "700 ms there and back") { $0.roundTripMilliseconds = 700 },
        Cost(words: "jitter of 90 ms from it") { $0.received.jitterMilliseconds = 90 },
        Cost(words: "5.0 % of the packets to it") {
            ($0.received.mos, $0.sent.mos, $0.sent.loss) = (4.4, 3, 0.05)
        },
    ])
    func `what costs quality is named`(cost: Cost) {
        let words = cost.words
        let leg = phone(
            sounding(3.2, 3) {
                $0.received.mos = 3.2
                cost.change(&$0)
            })
        let findings = diagnose(Ailment("", [page(), leg], finds: [])).findings
        #expect(findings.first?.text.contains(words) == true)
    }

    @Test func `a refusal names both addresses`() {
        let leg = phone {
            silent(&$0)
            $0.strangersPackets = 5
            $0.strangers = [.init(address: address(9), packets: 5)]
        }
        let text = diagnose(Ailment("", [page(), leg], finds: [])).findings.first?.text ?? ""
        #expect(text.contains("192.0.2.2:4000") && text.contains("192.0.2.9:4000"))
    }

    @Test func `alerts have names`() {
        let leg = page {
            $0.transport?.handshake = .failed
            $0.transport?.failure = .refused(alert: 42)
        }
        let diagnosis = diagnose(Ailment("", [leg], finds: []))
        #expect(diagnosis.findings.first?.text.contains("bad_certificate") == true)
        #expect(diagnosis.json["legs"]?[0]?["transport"]?["dtls"]?["receivedAlert"] == "bad_certificate")
    }

    @Test func `a timeline keeps its beginning and its end, however often a call is held`() {
        var timeline = CallTimeline()
        timeline.note(.initiated, at: noon)
        timeline.note(.initiated, at: noon + .seconds(1))
        for second in 0..<1000 {
            timeline.note(second % 2 == 0 ? .answered : .held, at: noon + .seconds(Int64(second)))
        }
        timeline.note(.completed, at: noon + .seconds(2000))
        #expect(timeline.steps.count == CallTimeline.limit)
        #expect(timeline.steps.first == CallDiagnosis.Step(at: noon, state: .initiated))
        #expect(timeline.steps.last?.state == .completed)
    }

    @Test func `a call of many legs is described by its last ones`() {
        let legs = (1...40).map { LegFacts(leg: $0, kind: .sip, party: "phone", side: .callee, state: .over) }
        let diagnosis = diagnose(Ailment("", legs, finds: []))
        #expect(diagnosis.legs.map(\.leg) == Array(25...40))
        #expect(diagnosis.json.encoded().count < 32_000)
    }

    @Test func `quality reads as it was written, to what anybody can hear`() {
        var leg = LegQuality(leg: 2, kind: .sip, codec: "PCMA")
        leg.mos = LegQuality.Score(current: 4.41, minimum: 3.2, average: 4.05)
        (leg.received.packets, leg.received.loss, leg.received.jitterMilliseconds) = (3000, 0.0123, 1.5)
        (leg.sent.packets, leg.roundTripMilliseconds) = (2990, 42.5)
        let quality = CallQuality(legs: [LegQuality(leg: 1, kind: .browser), leg])
        #expect(CallQuality(json: quality.json) == quality)
        #expect(quality.minimumMOS == 3.2 && quality.averageMOS == 4.05)
        #expect(CallQuality(json: "nonsense").isEmpty)
    }
}
