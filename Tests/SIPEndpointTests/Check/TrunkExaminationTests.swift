import DNS
import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// A trunk examined from end to end, on a simulated network.
struct TrunkExaminationTests {
    private func trunk(password: String = "secret") -> Trunk {
        var trunk = Trunk(name: "carrier", targets: [TrunkTarget(host: "sip.example")])
        trunk.credentials = [TrunkCredentials(username: "100", password: password)]
        return trunk
    }

    /// Examines a trunk whose provider behaves as told.
    private func examine(
        _ trunk: Trunk, _ manner: Provider.Manner = Provider.Manner(), calling number: String? = "5551234",
        names: (inout SimulatedNames) -> Void = { _ in }
    ) throws -> TrunkReport {
        let simulation = Simulation(seed: 1)
        simulation.network.names.set(
            "sip.example", .naptr,
            [
                .pointer(
                    order: 1, preference: 1, flags: "s", service: "SIP+D2U", regexp: "",
                    replacement: "_sip._udp.sip.example"),
                .pointer(
                    order: 2, preference: 1, flags: "s", service: "SIP+D2T", regexp: "",
                    replacement: "_sip._tcp.sip.example"),
            ])
        for service in ["_sip._udp.sip.example", "_sip._tcp.sip.example"] {
            simulation.network.names.set(
                service, .srv, [.service(priority: 1, weight: 10, port: 5060, target: "a.sip.example")])
        }
        simulation.network.names["a.sip.example"] = [try #require(IPAddress("192.0.2.2"))]
        names(&simulation.network.names)
        let provider = try Provider(simulation, at: simulation.host("192.0.2.2"), manner)
        try provider.assumeIsolated { try $0.start() }
        let machine = simulation.host("192.0.2.9")
        let own = machine.addresses[0]
        let examination = TrunkExamination(
            trunk, loop: simulation.loop, network: machine,
            surroundings: TrunkExaminationSurroundings(
                listen: [SocketAddress(ip: .anyIPv4, port: 0)], addressFacing: { _ in own }))
        let report = try simulation.loop.complete { try await examination.examine(calling: number) }
        #expect(machine.openSockets == 0)
        return try #require(report)
    }

    private func verdicts(_ report: TrunkReport, _ step: TrunkReport.Step) -> [TrunkReport.Verdict] {
        report.lines.filter { $0.step == step }.map(\.verdict)
    }

    @Test func `a trunk that works is said to work, from its name to its call`() throws {
        let report = try examine(trunk())
        #expect(report.lines.allSatisfy { $0.verdict == .ok }, "\(report.text)")
        #expect(TrunkReport.Step.allCases.allSatisfy { !verdicts(report, $0).isEmpty })
        #expect(report.text.contains("All is well."))
        for part in [
            "NAPTR sip.example", "tcp 192.0.2.2:5060: open", "OPTIONS", "INVITE", "the password is right",
            "early media", "PCMA", "telephone-event", "session timer of 1800 s", "hold and resume", "BYE accepted",
        ] {
            #expect(report.text.contains(part), "\(part) is missing in\n\(report.text)")
        }
    }

    @Test func `without a number nobody is called`() throws {
        let report = try examine(trunk(), calling: nil)
        #expect(report.isGood)
        #expect(verdicts(report, .call).isEmpty)
    }

    @Test func `a wrong password fails the check`() throws {
        let report = try examine(trunk(password: "wrong"), calling: nil)
        #expect(!report.isGood)
        #expect(verdicts(report, .registration) == [.failed])
    }

    @Test func `a realm that is not the trunk's is not answered, but named`() throws {
        var trunk = trunk()
        trunk.realm = "elsewhere"
        let report = try examine(trunk, calling: nil)
        let line = try #require(report.lines.first { $0.step == .registration })
        #expect(line.verdict == .failed)
        #expect(line.text.contains("\"tandem\""))
    }

    @Test func `what a call lacks is warned of`() throws {
        var manner = Provider.Manner()
        (manner.sendsAudio, manner.takesDigits, manner.takesHold) = (false, false, false)
        let report = try examine(trunk(), manner)
        #expect(report.isGood)
        let warnings = report.lines.filter { $0.verdict == .warn }.map(\.text)
        for part in ["no packet came", "no telephone-event", "refused with 488"] {
            #expect(warnings.contains { $0.contains(part) }, "\(part) is missing in\n\(report.text)")
        }
        #expect(report.lines.allSatisfy { $0.verdict == .ok || $0.advice != nil })
    }

    @Test(arguments: [486, 403, 503]) func `a refused call fails the check`(status: Int) throws {
        var manner = Provider.Manner()
        manner.refusal = status
        let report = try examine(trunk(), manner)
        #expect(!report.isGood)
        #expect(report.text.contains("5551234: \(status)"), "\(report.text)")
    }

    @Test func `a call nobody picks up is given up`() throws {
        var manner = Provider.Manner()
        manner.picksUp = false
        let report = try examine(trunk(), manner)
        #expect(report.isGood)
        #expect(report.lines.last?.text.contains("nobody picked up") == true, "\(report.text)")
    }

    @Test func `a name that leads nowhere, or a server that is silent, fails the check`() throws {
        let lost = try examine(Trunk(name: "lost", targets: [TrunkTarget(host: "nowhere.example")]))
        #expect(!lost.isGood)
        #expect(verdicts(lost, .options).isEmpty)
        let silent = try examine(Trunk(name: "silent", targets: [TrunkTarget(host: "192.0.2.77")]), calling: nil)
        #expect(verdicts(silent, .options) == [.failed])
        let dark = try examine(trunk()) { $0.outage = .timedOut }
        #expect(dark.lines.contains { $0.verdict == .warn && $0.step == .names })
    }

    @Test func `a report is text for people and JSON for programs`() throws {
        var report = TrunkReport(trunk: "carrier")
        report.add([
            TrunkReport.Line(.names, .ok, "A sip.example: 192.0.2.1"),
            TrunkReport.Line(.options, .failed, "no answer", advice: "look there"),
        ])
        #expect(!report.isGood)
        let text = """
            Trunk carrier

            Name service
              ok      A sip.example: 192.0.2.1

            OPTIONS
              failed  no answer
                      → look there

            The trunk does not work: 1 failure.

            """
        #expect(report.text == text)
        #expect(report.json["ok"] == .bool(false))
        #expect(report.json["lines"]?[1]?["advice"] == .string("look there"))
        #expect(report.json["lines"]?[0]?["advice"]?.isNull == true)
    }
}
