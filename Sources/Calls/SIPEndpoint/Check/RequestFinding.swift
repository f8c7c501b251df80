import SIP
import Wire

/// What came back for a request outside every dialog.
enum RequestOutcome {
    case answered(SIPResponse, after: Duration)
    case failed(TransactionFailure)
    /// A challenge that our credentials are not for.
    case foreignRealm(String)
}

/// How a server took OPTIONS.
struct OptionsFinding {
    let server: Flow
    let outcome: RequestOutcome

    var isAlive: Bool {
        if case .answered(let response, _) = outcome { response.status != 503 } else { false }
    }

    private var name: String { "\(server.transport.rawValue.lowercased()) \(server.remote)" }

    var lines: [TrunkReport.Line] {
        switch outcome {
        case .answered(let response, let delay): return lines(response, delay)
        case .foreignRealm: return [TrunkReport.Line(.options, .ok, "\(name): alive; it asks who we are")]
        case .failed(let failure):
            let isSilent = failure == .timeout
            return [
                TrunkReport.Line(
                    .options, .failed, "\(name): \(isSilent ? "no answer" : "cannot be reached")",
                    advice: isSilent
                        ? "check address, port and transport; many providers answer only addresses they know"
                        : "see the connections above")
            ]
        }
    }

    private func lines(_ response: SIPResponse, _ delay: Duration) -> [TrunkReport.Line] {
        let status = "\(response.status) \(response.reason.printableASCII)"
        let text = "\(name): \(status) after \(delay.wholeMilliseconds) ms"
        switch response.status {
        case 200..<300: return [TrunkReport.Line(.options, .ok, text)] + abilities(response)
        case 403:
            return [
                TrunkReport.Line(
                    .options, .warn, text, advice: "the provider may not know this machine's address: tell it")
            ]
        case 500...:
            return [
                TrunkReport.Line(.options, .warn, text, advice: "the server is in trouble, or busy: ask the provider")
            ]
        default: return [TrunkReport.Line(.options, .ok, "\(text): alive, though it does not say what it can")]
        }
    }

    private func abilities(_ response: SIPResponse) -> [TrunkReport.Line] {
        var lines: [TrunkReport.Line] = []
        let methods = response.headers.allow.map(\.description)
        if !methods.isEmpty {
            let missing = ["INVITE", "ACK", "BYE", "CANCEL"].filter { !methods.contains($0) }
            let list = methods.map(\.printableASCII).joined(separator: ", ")
            lines.append(
                missing.isEmpty
                    ? TrunkReport.Line(.options, .ok, "allows \(list)")
                    : TrunkReport.Line(
                        .options, .warn, "allows \(list), but not \(missing.joined(separator: ", "))",
                        advice: "the server may be no place for calls: check the trunk's host"))
        }
        let extensions = response.headers.supported
        if !extensions.isEmpty {
            lines.append(
                TrunkReport.Line(
                    .options, .ok, "supports \(extensions.map(\.printableASCII).joined(separator: ", "))"))
        }
        return lines
    }
}

/// How the registrar took our credentials: it was asked who is registered, so that nothing was changed there.
struct RegistrationFinding {
    let username: String
    let outcome: RequestOutcome
    /// The credentials were sent.
    let wasAuthenticated: Bool

    var line: TrunkReport.Line {
        switch outcome {
        case .answered(let response, _): return line(response)
        case .failed:
            return TrunkReport.Line(
                .registration, .failed, "\(username): no answer", advice: "see OPTIONS and the connections above")
        case .foreignRealm(let realm):
            return TrunkReport.Line(
                .registration, .failed, "\(username): the server asks for the realm \"\(realm.printableASCII)\"",
                advice: "set the trunk's realm to it if it is the provider's")
        }
    }

    private func line(_ response: SIPResponse) -> TrunkReport.Line {
        let text = "\(username): \(response.status) \(response.reason.printableASCII)"
        switch response.status {
        case 200..<300:
            let contacts = response.headers.contacts.count
            let proof = wasAuthenticated ? "the password is right" : "the server asked for no password"
            let registered = contacts == 0 ? "nobody is registered now" : "registered contacts: \(contacts)"
            return TrunkReport.Line(.registration, .ok, "\(username): \(proof); \(registered)")
        case 401, 407:
            return TrunkReport.Line(
                .registration, .failed, "\(text): the credentials are wrong",
                advice: "check the password, and the authentication name if it differs from the user name")
        case 403, 404:
            return TrunkReport.Line(
                .registration, .failed, text,
                advice: "the provider does not know this user, or not from this address: check both with it")
        default:
            return TrunkReport.Line(
                .registration, .warn, text,
                advice: "some registrars do not say who is registered; the gateway's log tells whether it is")
        }
    }
}

extension String {
    /// With everything replaced that could steer a terminal; what a peer sends is no more than printed.
    var printableASCII: String {
        String(
            String.UnicodeScalarView(unicodeScalars.prefix(200).map { $0.value >= 0x20 && $0.value != 0x7F ? $0 : "?" })
        )
    }
}
