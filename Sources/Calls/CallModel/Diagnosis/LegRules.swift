import Wire

/// What the facts of one leg say.
struct LegRules {
    private let leg: LegFacts
    /// Somebody else of the call was heard, so that there was something to send here.
    private let heardOthers: Bool
    /// The call is on hold, or ended so.
    private let mayBeQuiet: Bool
    /// The call ended because of a silence, which is told by itself.
    private let endedByQuiet: Bool

    init(_ leg: LegFacts, heardOthers: Bool, mayBeQuiet: Bool, endedByQuiet: Bool) {
        (self.leg, self.heardOthers) = (leg, heardOthers)
        (self.mayBeQuiet, self.endedByQuiet) = (mayBeQuiet, endedByQuiet)
    }

    var findings: [Finding] {
        let isUp = leg.upFor >= DiagnosisRules.patience
        let silence = failedHandshake ?? (isUp ? noPath ?? notHeard : nil)
        let quiet = isUp && silence == nil ? fellSilent ?? digitalSilence ?? listensOnly : nil
        return [silence, quiet, isUp ? notSent : nil, leftByBrowser, wrongKeyLater, strangers, replays, privateAddress]
            .compactMap(\.self) + QualityRules(leg).findings
    }

    // MARK: - ICE and DTLS

    private var failedHandshake: Finding? {
        guard let transport = leg.transport, transport.handshake == .failed, let failure = transport.failure else {
            return nil
        }
        if failure == .fingerprintMismatch {
            return problem(
                .wrongFingerprint, "The certificate of \(leg.name) is not the one its description announced.",
                "Something between page and gateway changes descriptions, or answers in the browser's place.")
        }
        var text = "The DTLS handshake with \(leg.name) failed: \(failure.word)"
        if case .refused(let alert) = failure { text += ", alert \(DTLSAlertName(alert))" }
        if let sent = transport.sentAlert { text += "; we said \(DTLSAlertName(sent))" }
        let isLate = failure == .timedOut
        return problem(
            .dtlsFailed, text + ".",
            isLate
                ? "STUN passes and DTLS does not: a middlebox drops it, or larger datagrams are lost (MTU)."
                : "Browser and gateway must share DTLS 1.2, an ECDSA cipher and an SRTP profile.")
    }

    /// Nothing can be heard because there is no way yet.
    private var noPath: Finding? {
        guard let transport = leg.transport else { return nil }
        if transport.checks == 0 {
            return problem(
                .iceNoChecks, "No connectivity check of \(leg.name) reached us.",
                "UDP to WEBRTC_PORT must reach this machine; behind NAT set PUBLIC_IP to the address browsers see.")
        }
        guard let selected = transport.selected else {
            return problem(
                .iceNotNominated, "\(leg.capitalName) checked the path and never chose it.",
                "Our answers do not come back to \(list(transport.validated)): look at firewalls on the way out.")
        }
        switch transport.handshake {
        case .waiting:
            return problem(
                .dtlsNotBegun, "ICE connected with \(selected), and the DTLS handshake never began.",
                "A middlebox lets STUN pass and drops DTLS; or the page took no answer of ours.")
        case .underWay:
            return problem(
                .dtlsUnfinished, "ICE connected with \(selected), and the DTLS handshake was not finished.",
                "Datagrams of the handshake are lost: look at the path's loss and MTU.")
        case .connected, .failed, .closed: return nil
        }
    }

    private var leftByBrowser: Finding? {
        guard leg.transport?.isConsentLost == true else { return nil }
        return problem(
            .consentLost, "\(leg.capitalName) stopped checking the path: its consent ran out.",
            "The browser was closed or lost its network.")
    }

    // MARK: - Packets

    private var notHeard: Finding? {
        guard leg.receives, leg.received.packets == 0 else { return nil }
        if leg.srtpFailures.authentication > 0 { return wrongKey(.problem) }
        switch leg.kind {
        case .browser:
            return problem(
                .browserSilent, "ICE and DTLS are up, and no RTP ever came from \(leg.name).",
                "The page sends nothing: its microphone is denied, missing or its track not added.")
        case .sip: return silentPhone
        }
    }

    private var silentPhone: Finding {
        guard let announced = leg.announced else {
            return problem(
                .noAddress, "The description of \(leg.name) names no address that can be used.",
                "Look at the c= and m= lines in the SIP messages of the call (…/sip).")
        }
        if leg.strangersPackets > 0 {
            return problem(
                .wrongSource,
                "\(leg.capitalName) announced \(announced), and \(leg.strangersPackets) packets came from "
                    + "\(list(leg.strangers.map(\.address))) instead; they were refused.",
                "Its description names an address that is not its own (NAT without STUN, a media proxy, several "
                    + "interfaces): let it announce the address it sends from.")
        }
        return problem(
            .phoneSilent, "No RTP ever came from \(leg.name), which announced \(announced).",
            "UDP RTP_PORT_MIN–RTP_PORT_MAX must reach this machine; behind NAT set PUBLIC_IP to the address phones see."
        )
    }

    private var fellSilent: Finding? {
        guard leg.receives, !mayBeQuiet, !endedByQuiet, leg.transport?.isConsentLost != true,
            let quiet = leg.quietFor, quiet >= Self.longestPause
        else { return nil }
        return problem(
            .fellSilent,
            "\(leg.capitalName) was heard and fell silent: no RTP for \(quiet.wholeMilliseconds / 1000) s.",
            "A firewall forgot the flow, its network or its device went away, or it stopped sending by itself "
                + "(silence suppression, mute).")
    }

    /// Nobody who is on the line sends nothing for as long as this.
    private static let longestPause = Duration.seconds(5)

    /// Two seconds of sound.
    private static let leastPackets: UInt64 = 100

    private var digitalSilence: Finding? {
        let packets = leg.received.packets
        guard packets >= Self.leastPackets, leg.silentPackets * 20 >= packets * 19 else { return nil }
        if leg.isMuted { return Finding(.muted, .note, leg: leg.leg, "\(leg.capitalName) was muted by its user.") }
        return Finding(
            .digitalSilence, .warning, leg: leg.leg,
            "\(leg.capitalName) sends sound in which nothing is heard: \(leg.silentPackets) of \(packets) packets are "
                + "digital silence.",
            advice: "Its microphone is muted, switched off, or not the one in use: look at the device and the system's "
                + "settings.")
    }

    private var listensOnly: Finding? {
        guard leg.kind == .browser, leg.sends, !leg.receives, !mayBeQuiet else { return nil }
        return Finding(
            .listensOnly, .warning, leg: leg.leg,
            "\(leg.capitalName) only listens: its description offers no sound of its own.",
            advice:
                "The page has no microphone, or the browser was told not to give it: look at the permissions of the "
                + "page.")
    }

    private var privateAddress: Finding? {
        guard leg.received.packets > 0, let described = leg.described, described.ip.isPrivate,
            let remote = leg.remote, remote.ip != described.ip
        else { return nil }
        return Finding(
            .privateAddress, .note, leg: leg.leg,
            "\(leg.capitalName) announced \(described), an address of its own network; its packets come from \(remote), "
                + "and ours go there.",
            advice:
                "It is behind NAT, and hears nothing before its first packet is here: STUN or an external address in "
                + "its settings would be better.")
    }

    private var notSent: Finding? {
        guard leg.sends, heardOthers, leg.sent.packets == 0, leg.transport?.handshake ?? .connected == .connected
        else { return nil }
        if leg.kind == .sip, leg.announced == nil { return nil }
        return problem(
            .nothingSent, "Nothing was sent to \(leg.name), although the other side was heard.",
            "The other side is muted or its codec differs; look at the codecs of both legs.")
    }

    private func wrongKey(_ severity: Finding.Severity) -> Finding {
        Finding(
            .srtpWrongKey, severity, leg: leg.leg,
            "SRTP of \(leg.name) fails authentication (\(leg.srtpFailures.authentication) packets): another key than "
                + "was agreed on.",
            advice: "Compare the a=crypto lines of offer and answer: the device seals with another key, or changed it "
                + "without saying so.")
    }

    /// Some came through; most of the rest did not.
    private var wrongKeyLater: Finding? {
        let failures = leg.srtpFailures.authentication
        guard leg.received.packets > 0, failures >= 50, failures > leg.received.packets / 10 else { return nil }
        return wrongKey(.warning)
    }

    private var replays: Finding? {
        let replayed = leg.srtpFailures.replayed
        guard replayed >= 50, replayed > leg.received.packets / 20 else { return nil }
        return Finding(
            .srtpReplayed, .note, leg: leg.leg, "\(replayed) SRTP packets of \(leg.name) came twice and were dropped.",
            advice: "A network that doubles packets does no harm; somebody who repeats them does not get through.")
    }

    private var strangers: Finding? {
        guard leg.strangersPackets > 0, leg.received.packets > 0 else { return nil }
        return Finding(
            .strangersRefused, .note, leg: leg.leg,
            "\(leg.strangersPackets) packets for \(leg.name) came from \(list(leg.strangers.map(\.address))) and were "
                + "refused.",
            advice: "A former call of the same port, or somebody who tries to inject sound.")
    }

    private func problem(_ code: Finding.Code, _ text: String, _ advice: String) -> Finding {
        Finding(code, .problem, leg: leg.leg, text, advice: advice)
    }

    private func list(_ addresses: [SocketAddress]) -> String {
        addresses.isEmpty ? "the browser" : addresses.map(\.description).joined(separator: ", ")
    }
}

extension LegFacts {
    /// As findings call it.
    var name: String { "\(party) (leg \(leg))" }

    /// At the beginning of a sentence.
    var capitalName: String { name.prefix(1).uppercased() + name.dropFirst() }
}

/// A TLS alert by its name (RFC 8446 section 6), or its number.
struct DTLSAlertName: CustomStringConvertible {
    let description: String

    private static let names: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
        40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
        45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
        49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
        71: "insufficient_security", 80: "internal_error", 90: "user_canceled", 110: "unsupported_extension",
    ]

    init(_ alert: UInt8) { description = Self.names[alert] ?? String(alert) }
}
