import Reactor
import SIP
import Testing
import Wire

@testable import SIPEndpoint

struct ConnectionFindingTests {
    private let server = Flow(
        transport: .tls, remote: SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5061), domain: "sip.example")
    private let now = WallTime(milliseconds: 1_800_000_000_000)

    private func finding(_ outcome: ConnectionFinding.Outcome, daysLeft: Int64? = nil) -> ConnectionFinding {
        var finding = ConnectionFinding(server: server, outcome: outcome, now: now)
        finding.certificate = daysLeft.map {
            PeerCertificate(
                names: ["sip.example"], issuer: "An Authority",
                expires: WallTime(milliseconds: now.milliseconds + $0 * 86_400_000))
        }
        return finding
    }

    @Test(arguments: [(90, .ok), (20, .warn), (0, .warn), (-1, .failed)] as [(Int64, TrunkReport.Verdict)])
    func `a certificate should be good for three more weeks`(days: Int64, verdict: TrunkReport.Verdict) throws {
        let lines = finding(.opened(after: .milliseconds(12)), daysLeft: days).lines
        #expect(lines.map(\.verdict) == [.ok, verdict])
        let line = try #require(lines.last)
        #expect(line.text.contains("sip.example") && line.text.contains("An Authority"))
        #expect((line.advice == nil) == (verdict == .ok))
    }

    @Test func `every way a connection can fail says what to do`() {
        let failures: [StreamCloseReason] = [
            .remote, .failed(.refused), .failed(.timedOut), .failed(.unreachable), .failed(.tls(.expired)),
            .failed(.tls(.unknownAuthority)), .failed(.tls(.nameMismatch(expected: "sip.example"))),
            .failed(.tls(.badCertificate(reason: "x"))), .failed(.tls(.refusedByPeer(alert: "x"))),
            .failed(.tls(.protocolViolation(reason: "x"))), .failed(.tls(.unusable(problem: "x"))),
        ]
        for failure in failures {
            let lines = finding(.failed(failure)).lines
            #expect(lines.map(\.verdict) == [.failed])
            #expect(lines.allSatisfy { $0.advice != nil })
        }
    }

    @Test func `a certificate that is not looked at is warned of`() {
        var finding = finding(.opened(after: .zero), daysLeft: 90)
        finding.isUnverified = true
        #expect(finding.lines.map(\.verdict) == [.ok, .ok, .warn])
    }

    @Test func `nothing a peer sends steers the terminal`() {
        #expect("a\u{1B}[2Jb\r\nc\u{7F}".printableASCII == "a?[2Jb??c?")
    }
}
