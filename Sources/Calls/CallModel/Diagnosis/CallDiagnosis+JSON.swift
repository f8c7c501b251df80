package import Wire

/// As it is answered by REST.
extension CallDiagnosis {
    package var json: JSONValue {
        var json = JSONText()
        json.object { write(to: &$0) }
        return (try? JSONValue(parsing: json.bytes)) ?? .null
    }

    private func write(to json: inout JSONText) {
        json.member("callId", callID.description)
        json.member("state", state.rawValue)
        json.member("endReason", endReason?.rawValue)
        json.member("findings", array: { for finding in findings { $0.object(finding.write) } })
        json.member(
            "timeline",
            array: { json in
                for step in steps {
                    json.object {
                        $0.member("at", step.at)
                        $0.member("state", step.state.rawValue)
                    }
                }
            })
        json.member("troubles", array: { for trouble in troubles { $0.object(trouble.write) } })
        json.member("legs", array: { for leg in legs { $0.object(leg.write) } })
    }
}

extension Finding {
    fileprivate func write(to json: inout JSONText) {
        json.member("code", code.rawValue)
        json.member("severity", severity.rawValue)
        if let leg { json.member("leg", leg) } else { json.null("leg") }
        json.member("text", text)
        json.member("advice", advice)
    }
}

extension LegTrouble {
    fileprivate func write(to json: inout JSONText) {
        if let leg { json.member("leg", leg) } else { json.null("leg") }
        json.member("party", party)
        json.member("kind", kind.word)
        if case .refused(let status, let words) = kind {
            json.member("status", status)
            json.member("words", words)
        }
        json.member("offered", array: { for codec in offered { $0.element(codec) } })
    }
}

extension LegFacts {
    fileprivate func write(to json: inout JSONText) {
        json.member("leg", leg)
        json.member("kind", kind.rawValue)
        json.member("party", party)
        json.member("side", side.rawValue)
        json.member("state", state.rawValue)
        json.member("codec", codec)
        json.member("direction", direction)
        json.member("upSeconds", (upFor.inSeconds * 10).rounded() / 10)
        json.member("secured", isSecured)
        json.member("muted", isMuted)
        json.member("silentPackets", silentPackets)
        json.member("quietSeconds", quietFor.map { ($0.inSeconds * 10).rounded() / 10 })
        json.member("received", object: received.write)
        json.member("sent", object: sent.write)
        json.member("addresses", object: writeAddresses)
        json.member("srtpFailures", object: srtpFailures.write)
        if let transport { json.member("transport", object: transport.write) } else { json.null("transport") }
        json.member("quality", object: quality.write)
        if curve.isEmpty { json.null("curve") } else { json.member("curve", object: curve.write) }
    }

    private func writeAddresses(to json: inout JSONText) {
        json.member("local", array: { for address in local { $0.element(address.description) } })
        json.member("described", described?.description)
        json.member("announced", announced?.description)
        json.member("remote", remote?.description)
        json.member("refused", array: { for stranger in strangers { $0.object(stranger.write) } })
        json.member("refusedPackets", strangersPackets)
    }

    /// Seen from us, as in a description.
    private var direction: String {
        switch (sends, receives) {
        case (true, true): "sendrecv"
        case (true, false): "sendonly"
        case (false, true): "recvonly"
        case (false, false): "inactive"
        }
    }
}

extension LegFacts.Flow {
    fileprivate func write(to json: inout JSONText) {
        json.member("packets", packets)
        json.member("bytes", bytes)
        json.member("firstAt", firstAt)
        json.member("lastAt", lastAt)
    }
}

extension LegFacts.Stranger {
    fileprivate func write(to json: inout JSONText) {
        json.member("address", address.description)
        json.member("packets", packets)
    }
}

extension LegFacts.Sealed {
    fileprivate func write(to json: inout JSONText) {
        json.member("authentication", authentication)
        json.member("replayed", replayed)
        json.member("withoutKey", withoutKey)
        json.member("other", other)
    }
}

extension TransportState {
    fileprivate func write(to json: inout JSONText) {
        json.member("ice", object: writeICE)
        json.member("dtls", object: writeDTLS)
    }

    private func writeICE(to json: inout JSONText) {
        json.member("checks", checks)
        json.member("firstCheckAt", firstCheckAt)
        json.member("lastCheckAt", lastCheckAt)
        json.member("validated", array: { for address in validated { $0.element(address.description) } })
        json.member("selected", selected?.description)
        json.member("protocol", selected.map { _ in isOverTCP ? "tcp" : "udp" })
        json.member("consentLost", isConsentLost)
    }

    private func writeDTLS(to json: inout JSONText) {
        json.member("state", handshake.rawValue)
        json.member("connectedAt", connectedAt)
        json.member("role", isServer.map { $0 ? "server" : "client" })
        json.member("failure", failure?.word)
        json.member("receivedAlert", failure?.alert.map { DTLSAlertName($0).description })
        json.member("sentAlert", sentAlert.map { DTLSAlertName($0).description })
    }
}

extension TransportState.Failure {
    /// What the browser said when it refused.
    var alert: UInt8? {
        if case .refused(let alert) = self { alert } else { nil }
    }
}
