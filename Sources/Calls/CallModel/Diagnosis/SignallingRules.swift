import Wire

/// What the signalling of one leg says.
struct SignallingRules {
    private let trouble: LegTrouble
    /// Somebody took the call: who else did not is no fault of it.
    private let wasAnswered: Bool

    init(_ trouble: LegTrouble, wasAnswered: Bool) { (self.trouble, self.wasAnswered) = (trouble, wasAnswered) }

    var finding: Finding {
        switch trouble.kind {
        case .refused(let status, let words): refused(status, words)
        case .silent(let duration): silent(duration)
        case .noWay(let obstacle): noWay(obstacle)
        case .nobodyThere(let wrongPassword): nobodyThere(wrongPassword)
        case .badAnswer:
            fault(
                .noSharedCodec,
                "\(name) answered with a codec that was not offered, or not in a way we can read\(offer).",
                "Compare offer and answer in the SIP messages (…/sip): allow PCMA or PCMU there.")
        case .unacknowledged(let duration):
            fault(
                .answerNotAcknowledged,
                "\(name) has not acknowledged (ACK) our answer for \(seconds(duration)); after 32 s such a call ends.",
                "Our answer or its ACK is lost: set PUBLIC_IP to the address it sees, and turn SIP ALG off in routers "
                    + "on the way.")
        case .peerGone:
            fault(
                .sessionLost, "\(name) does not answer inside the call any more, or has forgotten it.",
                "It was switched off, or its network changed; behind NAT let it keep its way open.")
        case .expired:
            fault(
                .sessionLost, "Nobody refreshed the session with \(trouble.party)\(leg) in time.",
                "Its UPDATE or re-INVITE is lost on the way, or it promised to refresh and does not.")
        }
    }

    // MARK: - Refused

    private func refused(_ status: Int, _ words: String) -> Finding {
        let said = "\(name) answered \(status) \(words)"
        switch status {
        case 401, 407:
            return fault(
                .credentialsRefused, "\(said): our user name or password is not taken there.",
                "Compare user name, authenticationName and password of the trunk's credentials with the provider's; "
                    + "`tandem trunk check NAME` tries them.")
        case 488, 606:
            return fault(
                .noSharedCodec, "\(said): it takes nothing of what we offered\(offer).",
                "Allow PCMA or PCMU there; a peer that insists on SRTP, or refuses it, needs the account's or the trunk's "
                    + "encryption set so.")
        case 486, 600: return decision(.busy, "\(said): it is busy.")
        case 603: return decision(.declined, "\(said): somebody declined.")
        case 480 where !trouble.isTrunk, 487: return decision(.refusedByPeer, "\(said).")
        default: return fault(.refusedByPeer, "\(said).", advice(status))
        }
    }

    private func advice(_ status: Int) -> String {
        switch status {
        case 300...399: "It sends calls elsewhere, where we may not follow: name that address as the trunk's target."
        case 403:
            "It forbids the call: the number called, the number shown, our account or our address is not allowed there. "
                + "Ask the provider which, with the Call-ID of the SIP messages (…/sip)."
        case 404, 484, 604:
            "The number is unknown or incomplete there: look at how the trunk's rules rewrite it (…/sip shows the INVITE)."
        case 408, 504: "A server behind it got no answer: ask who runs it, or let a second trunk take over."
        case 480: "Whoever is called is not to be reached there now."
        case 420, 421: "It insists on an extension of SIP, or refuses one: look at the trunk's session settings."
        case 503: "It is overloaded or at its limit of calls: ask the provider, or let a second trunk take over."
        case 500...599: "A fault at its side: ask who runs it, or let a second trunk take over."
        default: "The status is that of the far end: look it up in RFC 3261 section 21."
        }
    }

    /// What a person or a device of theirs decided is no fault.
    private func decision(_ code: Finding.Code, _ text: String) -> Finding {
        Finding(code, .note, leg: trouble.leg, text)
    }

    // MARK: - Not reached

    private func silent(_ duration: Duration) -> Finding {
        fault(
            .inviteUnanswered,
            "Nothing came back from \(trouble.party)\(leg) to our INVITE for \(seconds(duration)).",
            trouble.isTrunk
                ? "Its server is off, or a firewall drops SIP on the way: `tandem trunk check NAME` asks it."
                : "It registered and is gone: switched off, its network changed, or a NAT forgot the way to it. Let it "
                    + "register every minute or two, or use TCP or TLS.")
    }

    private func noWay(_ obstacle: LegTrouble.Obstacle) -> Finding {
        let (text, advice) = words(obstacle)
        let code: Finding.Code = obstacle == .limits ? .forbiddenByLimits : .noWay
        return fault(code, "No way leads to \(trouble.party)\(leg): \(text).", advice)
    }

    private func words(_ obstacle: LegTrouble.Obstacle) -> (text: String, advice: String) {
        switch obstacle {
        case .noTrunk:
            (
                "no trunk that is enabled takes the number",
                "Look at `tandem trunk list` and the numbers that trunks accept."
            )
        case .noChannel:
            ("all its channels are taken", "Raise the trunk's maximumChannels, if the provider allows more.")
        case .unknownName:
            (
                "the name of its host leads to no server",
                "Look at its spelling and at DNS_SERVERS: `tandem trunk check NAME` shows what the name service says."
            )
        case .noNumber:
            (
                "its rules leave no number to dial, or the caller has no account there",
                "Look at the trunk's rules for numbers and callers."
            )
        case .secureConnection(let why):
            (
                "TLS failed (\(why))",
                "Its certificate must be valid, trusted and for the trunk's host: SIP_TLS_CA or the trunk's tls name the "
                    + "authority; an expired one is the provider's to renew."
            )
        case .connection(let why):
            (
                why.map { "the connection failed (\($0))" } ?? "the connection failed",
                "Nobody listens there, or a firewall is in between: look at address, port and transport."
            )
        case .limits:
            (
                "the limits of the user or the trunk do not allow it",
                "Look at the `limits` of both, and at the log line."
            )
        }
    }

    private func nobodyThere(_ wrongPassword: Duration?) -> Finding {
        let text = "Nothing could be rung for \(trouble.party): no phone is registered and no page is signed in"
        guard let wrongPassword else {
            return fault(
                .notRegistered, text + ".",
                "Look at `tandem account list`; a phone that was there lost its network, or its registration ran out.")
        }
        return fault(
            .notRegistered, text + "; a wrong password was tried for it \(seconds(wrongPassword)) ago.",
            "Give the phone the SIP password of its account (not that of the page).")
    }

    // MARK: - Words

    private var leg: String { trouble.leg.map { " (leg \($0))" } ?? "" }

    private var name: String { trouble.party.prefix(1).uppercased() + trouble.party.dropFirst() + leg }

    private var offer: String {
        trouble.offered.isEmpty ? "" : " (" + trouble.offered.joined(separator: ", ") + ")"
    }

    private func seconds(_ duration: Duration) -> String { "\(duration.wholeMilliseconds / 1000) s" }

    private func fault(_ code: Finding.Code, _ text: String, _ advice: String) -> Finding {
        Finding(code, wasAnswered && !isOfTheCall ? .note : .problem, leg: trouble.leg, text, advice: advice)
    }

    /// Of a leg that talks, or should.
    private var isOfTheCall: Bool {
        switch trouble.kind {
        case .unacknowledged, .peerGone, .expired, .badAnswer: true
        case .refused, .silent, .noWay, .nobodyThere: false
        }
    }
}
