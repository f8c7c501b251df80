import Testing
import Wire

@testable import CallModel

/// What goes wrong before anybody talks, or with the dialog of those who do.
let signallingAilments: [Ailment] = [
    Ailment("forbidden", .refused(status: 403, words: "Forbidden"), ended: .forbidden, finds: [.refusedByPeer]),
    Ailment("overloaded", .refused(status: 503, words: "Full"), ended: .signallingFailed, finds: [.refusedByPeer]),
    Ailment("password", .refused(status: 407, words: "Who?"), ended: .upstreamFailed, finds: [.credentialsRefused]),
    Ailment("busy", .refused(status: 486, words: "Busy Here"), ended: .busy, finds: [.busy]),
    Ailment("declined", .refused(status: 603, words: "Decline"), ended: .rejected, finds: [.declined]),
    Ailment("not acceptable", .refused(status: 488, words: "No"), ended: .noSharedCodec, finds: [.noSharedCodec]),
    Ailment("an answer of something else", .badAnswer, ended: .noSharedCodec, finds: [.noSharedCodec]),
    Ailment("dead", .silent(for: .seconds(32)), ended: .signallingTimeout, finds: [.inviteUnanswered]),
    Ailment(
        "dead, and the caller gave up", .silent(for: .seconds(9)), ended: .callerCancelled,
        finds: [.inviteUnanswered, .callerGaveUp]),
    Ailment("no such name", .noWay(.unknownName), ended: .signallingFailed, finds: [.noWay]),
    Ailment("expired", .noWay(.secureConnection("certificate has expired")), ended: .signallingFailed, finds: [.noWay]),
    Ailment("too dear", .noWay(.limits), ended: .forbidden, finds: [.forbiddenByLimits]),
    Ailment("no ACK", [page(), phone()], ended: .signallingTimeout, finds: [.answerNotAcknowledged])
        .and(.unacknowledged(for: .seconds(32))),
    Ailment("gone in the call", [page(), phone()], ended: .signallingTimeout, finds: [.sessionLost]).and(.peerGone),
    Ailment("not refreshed", [page(), phone()], ended: .signallingTimeout, finds: [.sessionLost]).and(.expired),
    Ailment(
        "one device busy, another took it", [page(), phone()], ended: .callerHangup, finds: [.soundBothWays, .busy]
    )
    .and(.refused(status: 486, words: "Busy Here")),
    Ailment("a server failed, another took it", [page(), phone()], finds: [.soundBothWays, .refusedByPeer])
        .and(.refused(status: 500, words: "Oops")),
]

struct SignallingDiagnosisTests {
    @Test(arguments: [
        (LegTrouble.Kind.noWay(.unknownName), "DNS_SERVERS"), (.noWay(.secureConnection("x")), "SIP_TLS_CA"),
        (.noWay(.connection(nil)), "firewall"), (.noWay(.noTrunk), "trunk list"),
        (.noWay(.noChannel), "maximumChannels"),
        (.noWay(.noNumber), "rules"), (.noWay(.limits), "limits"), (.silent(for: .seconds(9)), "trunk check"),
        (.nobodyThere(wrongPassword: .seconds(7)), "SIP password"), (.unacknowledged(for: .seconds(9)), "PUBLIC_IP"),
        (.refused(status: 503, words: ""), "second trunk"), (.refused(status: 404, words: ""), "rewrite"),
        (.refused(status: 302, words: ""), "target"), (.refused(status: 420, words: ""), "session settings"),
    ])
    func `what to do fits what is wrong`(kind: LegTrouble.Kind, words: String) {
        let finding = diagnose(Ailment("", kind, ended: .upstreamFailed, finds: [])).findings[0]
        #expect(finding.severity == .problem && finding.advice.contains(words))
        #expect(finding.text.contains("trunk carrier") || finding.text.contains("Trunk carrier"))
    }

    @Test func `a peer's words cannot command a terminal, nor fill the page`() {
        #expect(LegTrouble.words("No\u{1B}[31m\u{202E} way\r\n") == "No[31m way")
        #expect(LegTrouble.words(String(repeating: "x", count: 500)).count == 80)
    }

    @Test(arguments: [
        (LegTrouble.Kind.silent(for: .seconds(9)), "from trunk carrier (leg 2)"), (.expired, "with trunk"),
    ])
    func `in mid-sentence a name is written as it is`(kind: LegTrouble.Kind, words: String) {
        let finding = diagnose(Ailment("", kind, ended: .signallingTimeout, finds: [])).findings[0]
        #expect(finding.text.contains(words))
    }
}
