import CallModel
import Media
import Reactor
import SDP
import SIPEndpoint
import Wire

/// Digits from one side to the other, each in the way its far end knows.
extension Call {
    /// How a digit came to us.
    enum DigitSource {
        /// As a telephone-event or a tone; media passes it on wherever media can.
        case media
        case info
    }

    /// Telephone-events where both understand them; else INFO, if the far end takes that; else tones in the audio.
    func chooseDigits(_ id: LegID) {
        guard let link = links[id], let negotiated = link.negotiated else { return }
        let mode: DTMFMode
        if negotiated.telephoneEvent != nil || link.speaksWebRTC {
            mode = .telephoneEvents
        } else if let sip = link.sip, services.sip.assumeIsolated({ $0.takesInfo(sip) }) {
            mode = .none
        } else {
            mode = .inBand
        }
        guard mode != link.digits.mode else { return }
        update(id) { $0.digits.mode = mode }
        services.media.setDTMF(mode, of: link.mediaID)
    }

    /// A digit from a far end, for the other side: a page is told, and so is a far end that media cannot tell.
    func pressed(_ digit: Character, on id: LegID, by source: DigitSource) {
        var isEcho = false
        let now = loop.now
        update(id) { isEcho = $0.digits.isEcho(digit, by: source, at: now) }
        if !isEcho { streamDigit(digit, on: id) }
        guard !isEcho, let peer = live.peer(of: id), let link = links[peer] else { return }
        if let participant = link.participant {
            let uuid = uuid
            loop.later { participant.deliver(.digit(digit), call: uuid) }
        }
        if source == .info || link.digits.mode == .none { send(String(digit), to: peer) }
    }

    /// Sends digits to a far end in its own way.
    func send(_ digits: String, to id: LegID) {
        guard let link = links[id] else { return }
        guard link.digits.mode == .none, let sip = link.sip else {
            return services.media.sendDigits(digits, to: link.mediaID)
        }
        for digit in digits where TelephoneKey.isOne(digit) { sendInfo(digit, sip, on: id) }
    }

    /// Requests of one dialog may overtake each other: each digit waits until the one before has been taken.
    private func sendInfo(_ digit: Character, _ sip: SIPLegID, on id: LegID) {
        let endpoint = services.sip
        var due = loop.now
        update(id) { link in
            due = max(link.digits.freeAt, due)
            link.digits.freeAt = due + .milliseconds(200)
        }
        guard due < loop.now + LegDigits.longestQueue else { return }
        loop.schedule(at: due) { endpoint.assumeIsolated { $0.sendInfo(sip, digit: digit) } }
    }
}

/// What is known of the digits of one leg.
struct LegDigits {
    /// How its far end is told digits.
    var mode = DTMFMode.telephoneEvents
    /// When the next INFO may go out.
    var freeAt = Instant(nanoseconds: 0)
    private var last: (digit: Character, source: Call.DigitSource, at: Instant)?
    /// The far end sends everything twice, as events and by INFO.
    private var isDoubling = false

    /// Digits that would wait longer than this for their turn are not sent any more.
    static let longestQueue = Duration.seconds(20)
    /// Two reports of one key press are not further apart than this.
    private static let echo = Duration.seconds(1)

    /// Whether the digit was reported already, the other way: some phones send both.
    mutating func isEcho(_ digit: Character, by source: Call.DigitSource, at now: Instant) -> Bool {
        if isDoubling, source == .info { return true }
        if let last, last.digit == digit, last.source != source, now - last.at < Self.echo {
            isDoubling = true
            self.last = nil
            return true
        }
        last = (digit, source, now)
        return false
    }
}

/// The keys of a telephone (ITU-T Q.23).
enum TelephoneKey {
    static func isOne(_ character: Character) -> Bool { "0123456789*#ABCD".contains(character) }
}
