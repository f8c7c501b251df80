import CallKit
import CallModel
import CallViews
import Calls
import Reactor
import SIP
import SIPEndpoint
import Wire

/// Looks for what must not be after a wave: calls that ended twice or never, records that say what was not so, leaks.
struct Verdict {
    /// Queues tell of what changed a moment later, and once.
    private static let lastWords = Duration.seconds(1)

    private let wave: Wave
    private(set) var faults: [Fault] = []

    init(_ wave: Wave) { self.wave = wave }

    private var exchange: Exchange { wave.exchange }

    mutating func fault(_ text: String, of record: CallRecord? = nil) {
        guard let record else { return faults.append(Fault(text: text)) }
        let trace = exchange.calls.assumeIsolated { $0.signalling(ofCall: record.id) }
        let about = "call \(record.id) \(record.callerNumber) to \(record.receiverNumber)"
        let state = "\(record.state.rawValue)/\(record.endReason?.rawValue ?? "-")"
        faults.append(Fault(text: "\(about), \(state): \(text)", ladder: trace.isEmpty ? nil : Ladder(trace).text))
    }

    /// Waits until everybody has done what they were going to do.
    mutating func comeToRest() {
        let loop = exchange.loop
        let limit = loop.now + Wave.longestCall + .seconds(1200)
        while loop.now < limit, wave.ownTimers > 0 || exchange.liveCount > 0 { loop.advance(by: .seconds(10)) }
        loop.advance(by: Wave.aftermath)
        if wave.ownTimers > 0 { fault("the script did not come to its end") }
    }

    mutating func checkGateway() {
        let statistics = exchange.statistics
        if exchange.liveCount > 0 { fault("\(exchange.liveCount) calls live on") }
        if statistics.legs > 0 { fault("\(statistics.legs) legs left") }
        if statistics.dialogs > 0 { fault("\(statistics.dialogs) dialogs left") }
        if !exchange.media.open.isEmpty { fault("\(exchange.media.open.count) media legs left") }
        if !exchange.media.partners.isEmpty { fault("media is bridged still") }
        wave.totals["ladders kept by the store"] += exchange.store.traceCount
        for (request, count) in statistics.requests {
            wave.totals["answered by somebody: \(request.method)"] += Int(count)
        }
        let counters = statistics.counters
        if counters.malformed > 0 { fault("\(counters.malformed) messages could not be read") }
        if counters.bans > 0 { fault("\(counters.bans) sources were banned") }
        if counters.authenticationFailures > 0 { fault("\(counters.authenticationFailures) logins failed") }
    }

    mutating func checkTimers() {
        let loop = exchange.loop
        let open = exchange.statistics.openTransactions
        if open > 0 { fault("\(open) transactions left") }
        exchange.endpoint.assumeIsolated { $0.stop() }
        loop.advance(by: Self.lastWords)
        if loop.pendingTimers > wave.ownTimers { fault("\(loop.pendingTimers - wave.ownTimers) timers left") }
    }

    // MARK: - Records

    mutating func checkRecords() {
        let records = exchange.store.records
        let endings = exchange.witness.endings
        let diaries = Dictionary(grouping: wave.stations.flatMap(\.diaries), by: { $0.callID ?? "" })
        wave.totals["record"] += records.count
        if Set(records.map(\.uuid)).count != records.count { fault("two records of one call") }
        let dialogs = records.compactMap(\.sipCallID)
        if Set(dialogs).count != dialogs.count { fault("two calls of one INVITE") }
        if endings.count != records.count { fault("\(endings.count) calls ended, \(records.count) have records") }
        for record in records {
            wave.totals["ended: \(record.state.rawValue), \(record.endReason?.rawValue ?? "-")"] += 1
            if endings[record.uuid] != 1 { fault("ended \(endings[record.uuid] ?? 0) times", of: record) }
            let callIDs = exchange.calls.assumeIsolated { $0.callIDs(ofCall: record.id) }
            let own = callIDs.flatMap { diaries[$0] ?? [] }
            let evidence = Evidence(record, own, wave)
            for claim in evidence.contradictions() { fault(claim, of: record) }
            if own.filter(\.isIncoming).count > 1 { wave.totals["forked to several phones"] += 1 }
        }
        for case .command(let uuid) in wave.placed where !records.contains(where: { $0.uuid == uuid }) {
            fault("a commanded call has no record")
        }
    }

    // MARK: - The phones' side

    mutating func checkDiaries() {
        let known = Set(exchange.store.records.compactMap(\.sipCallID))
        for station in wave.stations {
            for phone in station.phones {
                let stuck = phone.assumeIsolated { phone in
                    phone.isOff ? 0 : phone.fates.values.count { $0 == .pending || $0 == .talking }
                }
                if stuck > 0 { fault("\(stuck) calls of \(station.number) never ended for the phone") }
            }
            for diary in station.diaries where !diary.isIncoming && diary.hadTheCalleesWord {
                guard let callID = diary.callID, !known.contains(callID), !wave.deeds.transferred.contains(callID)
                else { continue }
                fault("\(station.number) called \(diary.partner), and no record says so")
            }
        }
    }
}

extension CallDiary {
    /// Whether an answer came that only somebody who was called can have given.
    fileprivate var hadTheCalleesWord: Bool { talkingAt != nil || toldStatus == 486 || toldStatus == 603 }
}
