package import Wire

/// A call's diagnosis as text, from what `CallDiagnosis.json` made: findings first, then what they were taken from.
package struct DiagnosisText {
    private let diagnosis: JSONValue

    package init(_ diagnosis: JSONValue) { self.diagnosis = diagnosis }

    package var text: String {
        let parts = [[heading] + Self.parties(of: diagnosis), findings, timeline] + legs.map(lines(of:))
        return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var heading: String {
        let reason = diagnosis["endReason"]?.stringValue.map { " (\($0))" } ?? ""
        return "Call \(diagnosis["callId"].text): \(diagnosis["state"].text)\(reason)"
    }

    /// Who called whom, as far as the diagnosis says it.
    static func parties(of diagnosis: JSONValue) -> [String] {
        guard diagnosis["from"]?.stringValue != nil else { return [] }
        return ["\(diagnosis["direction"].text), from \(diagnosis["from"].text) to \(diagnosis["to"].text)"]
    }

    private var findings: [String] {
        (diagnosis["findings"]?.arrayValue ?? []).flatMap { finding in
            let advice = finding["advice"].text
            let line = "\(finding["severity"].text.uppercased()): \(finding["text"].text)"
            return advice == "–" || advice.isEmpty ? [line] : [line, "  → \(advice)"]
        }
    }

    private var timeline: [String] {
        (diagnosis["timeline"]?.arrayValue ?? []).map { "\($0["at"].text)  \($0["state"].text)" }
    }

    private var legs: [JSONValue] { diagnosis["legs"]?.arrayValue ?? [] }

    private func lines(of leg: JSONValue) -> [String] {
        let details = Self.details(of: leg).map { detail in
            let name = detail.name
            return "  " + name + String(repeating: " ", count: max(1, 10 - name.count)) + detail.text
        }
        return ["Leg \(leg["leg"].text): \(leg["party"].text), \(Self.summary(of: leg))"] + details
    }

    /// What a leg was, in a line.
    static func summary(of leg: JSONValue) -> String {
        "\(leg["kind"].text), \(leg["codec"].text), \(leg["direction"].text), up for \(leg["upSeconds"].text) s"
    }

    /// What was found out about a leg, a line each; what there is nothing to say of is left out.
    static func details(of leg: JSONValue) -> [(name: String, text: String)] {
        var details = [("received", flow(leg["received"])), ("sent", flow(leg["sent"]))]
        details += addresses(leg["addresses"]) + transport(leg["transport"])
        let failures = (leg["srtpFailures"]?.objectValue?.members ?? []).filter { $0.value.integerValue ?? 0 > 0 }
        if !failures.isEmpty {
            let words = failures.map { "\($0.name) \(JSONValue?.some($0.value).text)" }
            details.append(("SRTP", words.joined(separator: ", ")))
        }
        return details + [("quality", quality(leg["quality"]))]
    }

    private static func flow(_ flow: JSONValue?) -> String {
        guard flow?["packets"]?.integerValue ?? 0 > 0 else { return "nothing" }
        return "\(flow?["packets"].text ?? "") packets, \(flow?["bytes"].text ?? "") bytes, "
            + "\(flow?["firstAt"].text ?? "") … \(flow?["lastAt"].text ?? "")"
    }

    private static func addresses(_ addresses: JSONValue?) -> [(String, String)] {
        let refused = (addresses?["refused"]?.arrayValue ?? []).map { "\($0["address"].text) (\($0["packets"].text))" }
        let local = addresses?["local"]?.arrayValue?.compactMap(\.stringValue).joined(separator: " ") ?? "–"
        let (announced, remote) = (addresses?["announced"].text ?? "–", addresses?["remote"].text ?? "–")
        let own = ("addresses", "local \(local), announced \(announced), remote \(remote)")
        return refused.isEmpty ? [own] : [own, ("refused", refused.joined(separator: ", "))]
    }

    private static func transport(_ transport: JSONValue?) -> [(String, String)] {
        guard let ice = transport?["ice"], let dtls = transport?["dtls"] else { return [] }
        var handshake = dtls["state"].text
        for (name, word) in [("failure", ""), ("receivedAlert", "alert "), ("sentAlert", "our alert ")] {
            if let value = dtls[name]?.stringValue { handshake += ", \(word)\(value)" }
        }
        let checks =
            "\(ice["checks"].text) checks, selected \(ice["selected"].text) \(ice["protocol"].text), "
            + "\(ice["firstCheckAt"].text) … \(ice["lastCheckAt"].text)"
        return [("ICE", checks), ("DTLS", handshake)]
    }

    private static func quality(_ quality: JSONValue?) -> String {
        guard let quality, quality["mos"]?.doubleValue != nil else { return "not measured" }
        func way(_ name: String) -> String {
            let way = quality[name]
            let loss = way?["loss"]?.doubleValue.map { "\(($0 * 1000).rounded() / 10) %" } ?? "–"
            return "\(name): loss \(loss), jitter \(way?["jitter"].text ?? "–") ms"
        }
        return "MOS \(quality["mosAvg"].text) (least \(quality["mosMin"].text)), \(way("received")), \(way("sent")), "
            + "RTT \(quality["rtt"].text) ms"
    }
}

extension JSONValue? {
    /// As people read it; a dash for what is not known.
    var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .bool(let flag): flag ? "yes" : "no"
        case nil, .null, .array, .object: "–"
        }
    }
}
