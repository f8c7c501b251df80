import Reactor
import SIP
import Wire

/// How opening a TCP or TLS connection to one server went.
struct ConnectionFinding {
    enum Outcome {
        case opened(after: Duration)
        case failed(StreamCloseReason)
    }

    let server: Flow
    let outcome: Outcome
    /// What the server showed, whether it was accepted or not.
    var certificate: PeerCertificate?
    /// The trunk's settings take any certificate.
    var isUnverified = false
    let now: WallTime

    /// Days before its end from which on a certificate should be renewed.
    private static let lateDays: Int64 = 21

    var lines: [TrunkReport.Line] {
        var lines = [connection]
        if let certificate { lines.append(line(certificate)) }
        if isUnverified, case .opened = outcome {
            lines.append(
                TrunkReport.Line(
                    .connection, .warn, "\(name): the certificate is not verified",
                    advice: "set the trunk's tls.verify, unless the network between is private"))
        }
        return lines
    }

    private var name: String { "\(server.transport.rawValue.lowercased()) \(server.remote)" }

    private var connection: TrunkReport.Line {
        switch outcome {
        case .opened(let delay):
            return TrunkReport.Line(.connection, .ok, "\(name): open after \(delay.wholeMilliseconds) ms")
        case .failed(let reason):
            let (text, advice) = Self.words(reason)
            return TrunkReport.Line(.connection, .failed, "\(name): \(text)", advice: advice)
        }
    }

    private func line(_ certificate: PeerCertificate) -> TrunkReport.Line {
        let days = (certificate.expires.milliseconds - now.milliseconds) / 86_400_000
        let names = certificate.names.prefix(5).joined(separator: ", ")
        let text = "\(name): certificate of \(names.isEmpty ? "nobody" : names), signed by \(certificate.issuer)"
        if days < 0 { return TrunkReport.Line(.connection, .failed, "\(text), expired", advice: Self.renewal) }
        let isLate = days < Self.lateDays
        return TrunkReport.Line(
            .connection, isLate ? .warn : .ok, "\(text), good for \(days) more days",
            advice: isLate ? Self.renewal : nil)
    }

    private static let renewal = "the provider must renew the certificate"

    private static func words(_ reason: StreamCloseReason) -> (text: String, advice: String) {
        let firewall = "check the address and port, and that no firewall stands between"
        switch reason {
        case .failed(.tls(let failure)): return (failure.description, advice(failure))
        case .failed(.refused): return ("connection refused", "nothing listens there: check port and transport")
        case .failed(.timedOut): return ("no answer", firewall)
        case .failed(let error): return ("cannot connect (\(error))", firewall)
        case .remote: return ("closed by the server", "the server may not know our address: ask the provider")
        case .local, .overflow: return ("no answer", firewall)
        }
    }

    private static func advice(_ failure: TLSFailure) -> String {
        switch failure {
        case .expired, .notYetValid: "the provider must renew the certificate; or our clock is wrong"
        case .unknownAuthority:
            "name the file of the provider's authority in the trunk's tls.ca, or install it on this machine"
        case .nameMismatch: "write the name the certificate is for as the trunk's host"
        case .badCertificate: "ask the provider for a certificate that can be verified"
        case .refusedByPeer: "the server may want a certificate of ours: set the trunk's tls.cert and tls.key"
        case .protocolViolation: "nothing speaks TLS there: check port and transport"
        case .unusable: "correct the files of the trunk's tls settings"
        }
    }
}
