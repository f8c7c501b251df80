import SIP
import Wire

/// How a test call through a trunk went.
struct CallFinding {
    enum Outcome: Equatable {
        case answered(after: Duration)
        case rejected(status: Int, reason: String)
        /// Nobody picked up in time.
        case unanswered
        /// The trunk's settings leave no way to place it.
        case impossible(String)
    }

    enum Hold: Equatable {
        case accepted
        case refused(status: Int)
        case unanswered
    }

    let number: String
    var outcome = Outcome.unanswered
    /// Statuses that came before the answer, each once.
    var progress: [Int] = []
    /// A description came before the answer.
    var hasEarlyDescription = false
    /// RTP packets before the answer, and in all.
    var earlyPackets = 0
    var packets = 0
    var codec: String?
    var hasTelephoneEvent = false
    /// The 2xx: what it says of session timers.
    var timer: SessionExpires?
    var hold: Hold?
    var resume: Hold?
    /// The far side ended the call before we did.
    var endedEarly = false
    /// The final status of our BYE.
    var byeStatus: Int?

    var lines: [TrunkReport.Line] {
        guard case .answered(let delay) = outcome else { return progressLines + [failure] }
        let answered = line(.ok, "\(number): answered after \(delay.inSeconds.tenths) s")
        return progressLines + [answered, audio, digits, sessionTimer] + ending
    }

    private func line(_ verdict: TrunkReport.Verdict, _ text: String, _ advice: String? = nil) -> TrunkReport.Line {
        TrunkReport.Line(.call, verdict, text, advice: advice)
    }

    private var failure: TrunkReport.Line {
        switch outcome {
        case .rejected(let status, let reason):
            line(.failed, "\(number): \(status) \(reason.printableASCII)", Self.advice(status))
        case .impossible(let reason): line(.failed, "\(number): \(reason)", "correct the trunk's settings")
        case .answered, .unanswered:
            line(.warn, "\(number): nobody picked up", "call a number that answers, to test audio, hold and digits")
        }
    }

    private var progressLines: [TrunkReport.Line] {
        guard !progress.isEmpty else { return [] }
        let statuses = progress.map(String.init).joined(separator: ", ")
        guard hasEarlyDescription else {
            return [line(.ok, "progress \(statuses), without early media: we play the ringing tone")]
        }
        if earlyPackets > 0 {
            return [line(.ok, "progress \(statuses), early media: \(earlyPackets) packets before the answer")]
        }
        return [line(.warn, "progress \(statuses), early media announced, but no packet came", Self.audioAdvice)]
    }

    private var audio: TrunkReport.Line {
        let codec = codec ?? "a codec we do not know"
        return packets > 0
            ? line(.ok, "audio in \(codec): \(packets) packets came")
            : line(.warn, "audio in \(codec): no packet came", Self.audioAdvice)
    }

    private var digits: TrunkReport.Line {
        hasTelephoneEvent
            ? line(.ok, "digits by telephone-event (RFC 4733)")
            : line(
                .warn, "no telephone-event: digits go in the sound, or by INFO",
                "ask the provider to switch RFC 4733 digits on")
    }

    private var sessionTimer: TrunkReport.Line {
        guard let timer else { return line(.ok, "no session timer: a call lasts until somebody hangs up") }
        let refresher = timer.refresher == .uas ? "the provider" : "us"
        return line(.ok, "session timer of \(timer.interval) s, refreshed by \(refresher)")
    }

    private var ending: [TrunkReport.Line] {
        if endedEarly {
            return [line(.warn, "the far side hung up first: hold was not tested", "call a number that stays")]
        }
        return [holdLine, byeLine]
    }

    private var holdLine: TrunkReport.Line {
        let advice = "calls through this trunk may lose audio after hold: ask the provider about re-INVITE"
        switch (hold, resume) {
        case (.accepted, .accepted): return line(.ok, "hold and resume by re-INVITE accepted")
        case (.accepted, _): return line(.warn, "hold by re-INVITE accepted, resume not", advice)
        case (.refused(let status), _): return line(.warn, "hold by re-INVITE refused with \(status)", advice)
        case (.unanswered, _), (nil, _): return line(.warn, "hold by re-INVITE not answered", advice)
        }
    }

    private var byeLine: TrunkReport.Line {
        switch byeStatus {
        case .some(200..<300): line(.ok, "BYE accepted")
        case .some(let status): line(.warn, "BYE answered with \(status)", Self.byeAdvice)
        case nil: line(.warn, "BYE not answered", Self.byeAdvice)
        }
    }

    private static let audioAdvice =
        "check PUBLIC_IP, and that RTP_PORT_MIN…RTP_PORT_MAX reach this machine by UDP from the Internet"
    private static let byeAdvice = "the provider may count such calls too long: ask it"

    private static func advice(_ status: Int) -> String {
        switch status {
        case 401, 407: "the credentials are wrong, or for another realm"
        case 403: "the provider does not let this account or address call, or not with this caller's number"
        case 404, 484, 604: "the number is not written as the provider wants it: see the trunk's number rules"
        case 408: "the server did not answer: check address, port and transport"
        case 415, 488, 606: "the provider takes neither PCMA nor PCMU, or wants SRTP: see the trunk's encryption"
        case 480, 486, 600: "the number is busy or away: try again, or another one"
        case 503: "no server took the call: see OPTIONS above, or ask the provider"
        default: "ask the provider what this refusal means"
        }
    }
}

extension Double {
    /// With one digit after the point.
    fileprivate var tenths: String {
        let whole = Int((self * 10).rounded())
        return "\(whole / 10).\(whole % 10)"
    }
}
