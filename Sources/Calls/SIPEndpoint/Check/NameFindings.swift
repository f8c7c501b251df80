import DNS
import Directory
import SIP
import Wire

/// What the name service said about one target of a trunk.
struct NameFindings {
    let target: TrunkTarget
    let findings: [TargetLocator.Finding]
    let location: SIPLocation

    /// Records printed of one answer.
    private static let printed = 8

    var lines: [TrunkReport.Line] { findings.map(line) + [outcome] }

    private var outcome: TrunkReport.Line {
        guard !location.isEmpty else {
            return TrunkReport.Line(
                .names, .failed, "\(target): no server was found",
                advice: "correct the trunk's host, or name its port and transport; see the answers above")
        }
        let servers = location.services.flatMap { service in
            service.servers.map { server in
                let addresses = server.addresses.map { SocketAddress(ip: $0, port: server.port).description }
                return "\(service.transport.rawValue.lowercased()) \(addresses.joined(separator: ", "))"
                    + (server.weight > 0 ? " (priority \(server.priority), weight \(server.weight))" : "")
            }
        }
        let lifetime =
            findings.isEmpty ? "a numeric address" : "looked up again after \(location.lifetime.components.seconds) s"
        return TrunkReport.Line(.names, .ok, "\(target): \(servers.joined(separator: "; ")) — \(lifetime)")
    }

    private func line(_ finding: TargetLocator.Finding) -> TrunkReport.Line {
        let question = finding.question
        if let failure = finding.answer.failure {
            if failure.isCertain { return TrunkReport.Line(.names, .ok, "\(question): none (\(failure))") }
            return TrunkReport.Line(
                .names, .warn, "\(question): \(failure)",
                advice: "check that the name servers of /etc/resolv.conf, or of DNS_SERVERS, answer this question")
        }
        let records = finding.answer.records
        let texts = records.prefix(Self.printed).map(Self.text)
        let rest = records.count - texts.count
        let more = rest > 0 ? "; \(rest) more" : ""
        return TrunkReport.Line(.names, .ok, "\(question): \(texts.joined(separator: "; "))\(more)")
    }

    private static func text(_ record: DNSRecord) -> String {
        switch record {
        case .address(let ip): return ip.description
        case .service(let priority, let weight, let port, let target):
            return "\(priority) \(weight) \(port) \(target.isEmpty ? "." : target)"
        case .pointer(let order, let preference, let flags, let service, _, let replacement):
            return "\(order) \(preference) \"\(printable(flags))\" \"\(printable(service))\" \(replacement)"
        }
    }

    /// A character-string may hold anything; nothing of it may steer the terminal.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.map { ASCII.isPrintable($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
