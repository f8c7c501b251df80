import CallKit
import CallModel
import Reactor
import Wire

/// What the ends of one call experienced, beside what its record says.
///
/// A claim is made only where it cannot be otherwise: a message that is lost or late may let the two sides see things
/// at different times, within what retransmissions take.
struct Evidence {
    /// 64 times T1 and a second of delay each way.
    private static let slack = Duration.seconds(36)

    private let record: CallRecord
    private let diaries: [CallDiary]
    private let wave: Wave

    init(_ record: CallRecord, _ diaries: [CallDiary], _ wave: Wave) {
        (self.record, self.diaries, self.wave) = (record, diaries, wave)
    }

    private var caller: CallDiary? { diaries.first { $0.callID == record.sipCallID && !$0.isIncoming } }
    private var callees: [CallDiary] { diaries.filter(\.isIncoming) }
    private var deeds: Deeds { wave.deeds }
    private var isQueued: Bool { ["2000", "2001"].contains(record.receiverNumber) }
    private var isBuiltIn: Bool { House.builtIn.contains(record.receiverNumber) }
    /// Who is at its ends may have changed.
    private var isMoved: Bool {
        record.transferCount > 0 || record.endReason == .transferred || deeds.moved.contains(record.uuid)
            || diaries.contains { $0.callID.map(deeds.transferred.contains) ?? false }
    }

    /// A message that stayed away ended it: what was under way may arrive at any time.
    private var isBroken: Bool { record.endReason == .signallingTimeout || record.endReason == .signallingFailed }

    /// Nothing got through to an end while the call lived, perhaps for longer than anything is said again: one side may
    /// have left and the other never heard of it.
    private var wasCutOff: Bool {
        let (began, ended) = (instant(record.startedAt), record.endedAt.map(instant) ?? .never)
        return deeds.cuts.contains { cut in
            record.concerns(cut.station) && cut.from <= ended + Self.slack && cut.until + Self.slack >= began
        }
    }

    func contradictions() -> [String] {
        var claims = formal()
        guard !isMoved else { return claims }
        claims += answering()
        claims += ending()
        claims += refusal()
        return claims + moments()
    }

    // MARK: - In itself

    private func formal() -> [String] {
        guard record.state.isTerminal, let ended = record.endedAt, let reason = record.endReason else {
            return ["the record is not closed"]
        }
        var claims: [String] = []
        let times = [record.startedAt, record.ringingAt, record.answeredAt, ended].compactMap { $0?.milliseconds }
        if times != times.sorted() { claims.append("its times are out of order") }
        let talked = record.answeredAt.map { (ended.milliseconds - $0.milliseconds + 500) / 1000 } ?? 0
        if record.duration != Int(talked) { claims.append("it lasted \(talked) s, not \(record.duration ?? -1)") }
        if record.state == .completed, record.answeredAt == nil { claims.append("completed and never answered") }
        if record.isOnHold || record.heldSince != nil { claims.append("on hold for ever") }
        if [.internalError, .shutdown, .interrupted, .capacity, .mediaTimeout].contains(reason) {
            claims.append("nothing happened that ends a call like that")
        }
        if reason == .maximumDuration, talked * 1000 < Wave.longestCall.wholeMilliseconds {
            claims.append("it was not the longest call")
        }
        return claims
    }

    // MARK: - The answer

    private func answering() -> [String] {
        var claims: [String] = []
        let accepted = callees.compactMap(\.acceptedAt).min()
        if let answered = record.answeredAt {
            if accepted == nil, !isBuiltIn, !deeds.pageAccepted.contains(record.uuid) {
                claims.append("nobody picked it up")
            }
            if let accepted, !isQueued, !deeds.pageAccepted.contains(record.uuid), instant(answered) < accepted {
                claims.append("answered before the callee did")
            }
            if let heard = caller?.talkingAt, !isQueued, !isBroken, !wasCutOff, !isNear(heard, answered) {
                claims.append("the caller heard of the answer at another time")
            }
        } else if caller?.talkingAt != nil, !isQueued {
            claims.append("the caller was told that it was answered")
        }
        if record.answeredAt != nil, record.source == .sip, let caller, caller.talkingAt == nil, !caller.isLost,
            caller.gaveUpAt == nil, !isQueued, !wasCutOff
        {
            claims.append("the caller never heard of the answer")
        }
        return claims
    }

    private func instant(_ wall: WallTime) -> Instant {
        wave.start.now + .milliseconds(wall.milliseconds - wave.start.wall.milliseconds)
    }

    /// Whether something that was seen by one side happened at the other, a little before.
    private func isNear(_ seen: Instant, _ wall: WallTime) -> Bool {
        let moment = instant(wall)
        return seen + .milliseconds(2) >= moment && seen <= moment + Self.slack
    }

    // MARK: - The end

    private func ending() -> [String] {
        switch record.endReason {
        case .callerHangup, .callerCancelled: return unless(callerLeft, "its caller did not hang up")
        case .calleeHangup:
            return unless(
                callees.contains { isCause($0) } || deeds.pageLeft.contains(record.uuid), "no callee hung up")
        case .commandHangup, .cancelled:
            let isLeft = record.endReason == .cancelled && callees.contains { $0.isLost || $0.refusedWith != nil }
            return unless(deeds.hungUp.contains(record.uuid) || isLeft, "nobody commanded that")
        case .busy: return unless(isRefused(486), "nobody was busy")
        case .rejected where record.state == .rejected:
            return unless(isRefused(603) || deeds.pageDeclined.contains(record.uuid), "nobody declined")
        case .noSharedCodec: return unless(isRefused(488) || record.answeredAt != nil, "nobody lacked a codec")
        case .signallingTimeout: return lost()
        default: return []
        }
    }

    /// What a caller was told of a call that nobody took.
    private func refusal() -> [String] {
        guard let caller, let status = caller.toldStatus, caller.gaveUpAt == nil, !caller.isLost else { return [] }
        let expected: [CallState: Set<Int>] = [
            .busy: [486, 600], .rejected: [603, 403], .noAnswer: [480, 408], .completed: [], .missed: [],
        ]
        guard let statuses = expected[record.state], !statuses.contains(status) else { return [] }
        return ["the caller was told \(status)"]
    }

    /// Who ended a talk, when it was one of them alone, and when it was.
    private func moments() -> [String] {
        guard let ended = record.endedAt, !isBroken, !wasCutOff else { return [] }
        var claims: [String] = []
        if let caller, let end = caller.endedAt, !caller.isLost {
            let moment = instant(ended)
            if end > moment + Self.slack || end + Self.slack < moment {
                claims.append("the caller's call ended at another time")
            }
        }
        return claims + soleAuthor()
    }

    private func soleAuthor() -> [String] {
        guard record.state == .completed, record.endReason != .maximumDuration, record.source == .sip,
            deeds.pages[record.uuid] == nil, !deeds.hungUp.contains(record.uuid),
            let caller, !diaries.contains(where: \.isLost)
        else { return [] }
        let callerLeft = caller.gaveUpAt != nil
        let calleeLeft = callees.contains { $0.acceptedAt != nil && $0.gaveUpAt != nil }
        if callerLeft, !calleeLeft, record.endReason != .callerHangup { return ["the caller hung up, and nobody else"] }
        if calleeLeft, !callerLeft, record.endReason != .calleeHangup { return ["the callee hung up, and nobody else"] }
        return []
    }

    private var callerLeft: Bool {
        if record.source == .sip { return caller.map(isCause) ?? true }
        return deeds.pageLeft.contains(record.uuid) || callees.contains { isCause($0) }
    }

    /// A phone that hears nothing of the other side ends the call, too.
    private func isCause(_ diary: CallDiary) -> Bool { diary.gaveUpAt != nil || diary.isLost }

    private func isRefused(_ status: Int) -> Bool { callees.contains { $0.refusedWith == status } }

    /// On a calm network a silent peer is one that lost power.
    private func lost() -> [String] {
        guard wave.weather.isCalm, !diaries.contains(where: \.isLost) else { return [] }
        return wave.stations.contains { $0.restarts > 0 && record.concerns($0) } ? [] : ["everybody was there"]
    }

    private func unless(_ holds: Bool, _ claim: String) -> [String] { holds ? [] : [claim] }
}

extension CallRecord {
    /// Whether a station may have been called for it.
    fileprivate func concerns(_ station: Station) -> Bool {
        station.carrier != nil || station.number == receiverNumber || station.number == callerNumber
    }
}
