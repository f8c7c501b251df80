package import Wire

/// A call's diagnosis as a page to look at: what was wrong and what to do first, then the steps, how each leg sounded, and
/// the signalling.
///
/// It is one file without script or foreign reference, so it can be kept, sent on and opened anywhere.
package struct DiagnosisPage {
    private let diagnosis: JSONValue
    private let ladder: Ladder?

    /// `diagnosis` is what `CallDiagnosis.json` made; the ladder is nil when no signalling was kept.
    package init(_ diagnosis: JSONValue, _ ladder: Ladder?) { (self.diagnosis, self.ladder) = (diagnosis, ladder) }

    /// The browser fetches nothing and runs nothing for it.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

    package var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Call \(word("callId"))</title><style>\(Self.style)</style></head><body><main>
        <h1>Call <code>\(word("callId"))</code></h1>
        \(parties)<p>\(word("state"))\(reason)</p>
        <h2>What was found</h2>\(findings)
        <h2>Steps</h2><ol>\(steps)</ol>
        \(legs)
        <h2>Signalling</h2>\(signalling)
        </main></body></html>

        """
    }

    private func word(_ name: String) -> String { Markup.escaped(diagnosis[name].text) }

    private var parties: String {
        DiagnosisText.parties(of: diagnosis).map { "<p>\(Markup.escaped($0))</p>" }.joined()
    }

    private var reason: String {
        diagnosis["endReason"]?.stringValue.map { ", because: \(Markup.escaped($0))" } ?? ""
    }

    private var findings: String {
        (diagnosis["findings"]?.arrayValue ?? []).map { finding in
            let advice = finding["advice"]?.stringValue ?? ""
            let severity = Markup.escaped(finding["severity"].text)
            return """
                <section class="finding \(severity)"><strong>\(severity)</strong> \(Markup.escaped(finding["text"].text))\
                \(advice.isEmpty ? "" : "<p>\(Markup.escaped(advice))</p>")</section>
                """
        }.joined()
    }

    private var steps: String {
        (diagnosis["timeline"]?.arrayValue ?? []).map {
            "<li><time>\(Markup.escaped($0["at"].text))</time> \(Markup.escaped($0["state"].text))</li>"
        }.joined()
    }

    private var legs: String { (diagnosis["legs"]?.arrayValue ?? []).map(section(of:)).joined() }

    private func section(of leg: JSONValue) -> String {
        let lines = DiagnosisText.details(of: leg)
            .map { "<tr><th>\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.text))</td></tr>" }
        return """
            <h2>Leg \(Markup.escaped(leg["leg"].text)): \(Markup.escaped(leg["party"].text))</h2>
            <p>\(Markup.escaped(DiagnosisText.summary(of: leg)))</p>
            <table>\(lines.joined())</table>
            \(CurvePicture(leg["curve"]).map { "<figure>\($0.svg)</figure>" } ?? "")
            """
    }

    private var signalling: String {
        guard let ladder, !ladder.steps.isEmpty else { return "<p>No SIP message of this call was kept.</p>" }
        return "<figure>\(ladder.svg)</figure>"
    }

    private static let style = """
        :root{color-scheme:light dark;--bad:#c33;--odd:#b70;--good:#283}
        body{font:15px/1.5 system-ui,sans-serif;margin:0}
        main{max-width:60rem;margin:0 auto;padding:1rem}
        h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
        code,time{font-family:ui-monospace,monospace}
        .finding{border-left:4px solid var(--good);padding:.4rem .8rem;margin:.5rem 0;background:#8881}
        .finding.problem{border-color:var(--bad)}.finding.warning{border-color:var(--odd)}
        .finding p{margin:.3rem 0 0}
        table{border-collapse:collapse}th{text-align:left;padding-right:1rem;font-weight:500;vertical-align:top}
        td{overflow-wrap:anywhere}
        figure{margin:1rem 0;overflow-x:auto}figure svg{max-width:100%;height:auto;min-width:32rem}
        svg text{font-size:12px}figure>svg:not([width]) text{fill:currentColor}
        .axis{fill:none;stroke:#8888}.curve{fill:none;stroke-width:2}
        """
}
