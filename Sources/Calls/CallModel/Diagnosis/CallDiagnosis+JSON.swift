package import Wire

/// As it is answered by REST and kept with the record.
extension CallDiagnosis {
    package var json: JSONValue {
        [
            "callId": .string(callID.description), "state": .string(state.rawValue),
            "endReason": JSONValue(endReason?.rawValue), "findings": .array(findings.map(\.json)),
            "timeline": .array(
                steps.map { ["at": .string($0.at.iso8601()), "state": .string($0.state.rawValue)] }),
            "legs": .array(legs.map(\.json)),
        ]
    }
}

extension Finding {
    var json: JSONValue {
        [
            "code": .string(code.rawValue), "severity": .string(severity.rawValue), "leg": JSONValue(leg),
            "text": .string(text), "advice": .string(advice),
        ]
    }
}

extension LegFacts {
    var json: JSONValue {
        [
            "leg": JSONValue(leg), "kind": .string(kind.rawValue), "party": .string(party),
            "side": .string(side.rawValue), "state": .string(state.rawValue), "codec": JSONValue(codec),
            "direction": .string(direction), "upSeconds": .number((upFor.inSeconds * 10).rounded() / 10),
            "secured": .bool(isSecured), "received": received.json, "sent": sent.json,
            "addresses": [
                "local": JSONValue(local.map(\.description)), "announced": JSONValue(announced?.description),
                "remote": JSONValue(remote?.description),
                "refused": .array(strangers.map(\.json)), "refusedPackets": .integer(Int64(clamping: strangersPackets)),
            ],
            "srtpFailures": srtpFailures.json, "transport": transport?.json ?? .null, "quality": quality.json,
        ]
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
    var json: JSONValue {
        [
            "packets": .integer(Int64(clamping: packets)), "bytes": .integer(Int64(clamping: bytes)),
            "firstAt": JSONValue(firstAt?.iso8601()), "lastAt": JSONValue(lastAt?.iso8601()),
        ]
    }
}

extension LegFacts.Stranger {
    var json: JSONValue {
        ["address": .string(address.description), "packets": .integer(Int64(clamping: packets))]
    }
}

extension LegFacts.Sealed {
    var json: JSONValue {
        [
            "authentication": .integer(Int64(clamping: authentication)),
            "replayed": .integer(Int64(clamping: replayed)), "withoutKey": .integer(Int64(clamping: withoutKey)),
            "other": .integer(Int64(clamping: other)),
        ]
    }
}

extension TransportState {
    var json: JSONValue {
        [
            "ice": [
                "checks": .integer(Int64(clamping: checks)), "firstCheckAt": JSONValue(firstCheckAt?.iso8601()),
                "lastCheckAt": JSONValue(lastCheckAt?.iso8601()),
                "validated": JSONValue(validated.map(\.description)), "selected": JSONValue(selected?.description),
                "consentLost": .bool(isConsentLost),
            ],
            "dtls": [
                "state": .string(handshake.rawValue), "connectedAt": JSONValue(connectedAt?.iso8601()),
                "role": JSONValue(isServer.map { $0 ? "server" : "client" }), "failure": JSONValue(failure?.word),
                "receivedAlert": JSONValue(failure?.alert.map { DTLSAlertName($0).description }),
                "sentAlert": JSONValue(sentAlert.map { DTLSAlertName($0).description }),
            ],
        ]
    }
}

extension TransportState.Failure {
    /// What the browser said when it refused.
    var alert: UInt8? {
        if case .refused(let alert) = self { alert } else { nil }
    }
}
