import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// How a call sounded, from the first sample to what is kept.
struct QualityTests {
    /// Two phones that talk; the caller's media leg is the first.
    private struct Talk {
        let exchange: Exchange
        let caller: ScriptedPhone
        let leg: SIPLegID
        let media: [MediaLegID]
        let record: CallRecord
    }

    private func talk(seed: UInt64) throws -> Talk {
        let exchange = try Exchange(seed: seed, users: 2)
        let (first, _) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        #expect(exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking }))
        let record = try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first)
        let media = exchange.media.open.sorted { $0.rawValue < $1.rawValue }
        return Talk(exchange: exchange, caller: first, leg: leg, media: media, record: record)
    }

    /// Lets packets flow for a second; `lost` of fifty are lost on their way to us.
    private func flow(_ talk: Talk, on legs: [MediaLegID], lost: UInt64 = 0) {
        let (media, now) = (talk.exchange.media, talk.exchange.loop.now)
        for leg in talk.media {
            var figures = media.figures[leg] ?? LegStatistics()
            figures.announcedAddress = SocketAddress(ip: IPAddress(v4: 0x0A00_0101), port: 4000)
            figures.packetsSent += 50
            figures.lastSentAt = now
            if legs.contains(leg) {
                figures.packetsReceived += 50 - lost
                figures.packetsLost += lost
                figures.gaps += lost
                figures.firstPacketAt = figures.firstPacketAt ?? now
                figures.lastPacketAt = now
            }
            media.figures[leg] = figures
        }
        talk.exchange.loop.advance(by: .seconds(1))
    }

    private func hangUp(_ talk: Talk) {
        let (caller, leg) = (talk.caller, talk.leg)
        caller.assumeIsolated { $0.hangUp(leg) }
    }

    private func diagnosis(_ talk: Talk) throws -> JSONValue {
        let (store, id) = (talk.exchange.store, talk.record.id)
        return try #require(try talk.exchange.loop.complete { try await store.diagnosis(ofCall: id) } ?? nil)
    }

    @Test func `a bad minute shows at once, stays as the least, and is kept with the record`() throws {
        let talk = try talk(seed: 11)
        for _ in 0..<20 { flow(talk, on: talk.media) }
        for _ in 0..<10 { flow(talk, on: talk.media, lost: 10) }
        for _ in 0..<20 { flow(talk, on: talk.media) }
        let reports = talk.exchange.witness.qualities
        #expect((9...10).contains(reports.count))
        #expect(reports.allSatisfy { $0.sampled == [1, 2] && !$0.isLast })
        let scores = reports.compactMap { $0.quality.legs.first?.mos?.current }
        #expect(scores[1] > 4.4 && scores[5] < 3 && (scores.last ?? 0) > 4.4)
        hangUp(talk)
        talk.exchange.loop.advance(by: .seconds(1))
        let quality = try #require(talk.exchange.store.records.first?.quality)
        #expect(quality.legs.count == 2)
        for leg in quality.legs {
            let score = try #require(leg.mos)
            #expect(score.minimum < 3 && (3.6...4.4).contains(score.average) && score.current > 4.4)
            #expect(leg.kind == .sip && leg.codec == "PCMA")
            #expect(leg.received.loss.map { abs($0 - 0.04) < 0.001 } == true)
        }
        let kept = try diagnosis(talk)
        #expect(kept["findings"]?[0]?["code"] == "low_quality")
        #expect(kept["timeline"]?.arrayValue?.compactMap { $0["state"]?.stringValue }.last == "completed")
    }

    @Test func `a call shorter than five seconds is judged at its end`() throws {
        let talk = try talk(seed: 12)
        for _ in 0..<2 { flow(talk, on: talk.media) }
        hangUp(talk)
        talk.exchange.loop.advance(by: .seconds(3))
        let quality = try #require(talk.exchange.store.records.first?.quality)
        #expect(quality.minimumMOS.map { $0 > 4.4 } == true)
        #expect(talk.exchange.witness.qualities.map(\.isLast) == [true, true])
        #expect(Set(talk.exchange.witness.qualities.map(\.sampled)) == [[1], [2]])
        #expect(talk.exchange.calls.assumeIsolated { $0.isQuiet })
    }

    @Test func `a phone that is never heard is found out while it lasts and afterwards`() throws {
        let talk = try talk(seed: 13)
        let caller = talk.media[0]
        for _ in 0..<10 { flow(talk, on: [caller]) }
        var other = try #require(talk.exchange.media.figures[talk.media[1]])
        for _ in 0..<7 { other.refused.count(SocketAddress(ip: IPAddress(v4: 0x0A00_0909), port: 5000)) }
        talk.exchange.media.figures[talk.media[1]] = other
        let (calls, key) = (talk.exchange.calls, talk.record.key)
        let live = try #require(try talk.exchange.loop.complete { await calls.diagnosis(ofLiveCall: key) } ?? nil)
        #expect(live.findings.map(\.code) == [.wrongSource, .oneWay])
        #expect(live.findings.first?.text.contains("10.0.9.9:5000") == true)
        #expect(live.legs.map(\.party) == ["phone 1001", "phone 1002"])
        #expect(live.legs[0].upFor >= .seconds(10))
        #expect(live.legs[0].local.map(\.ip) == [IPAddress(v4: 0x0A00_0001)])
        hangUp(talk)
        talk.exchange.loop.advance(by: .seconds(3))
        let kept = try diagnosis(talk)
        #expect(kept["findings"]?.arrayValue?.compactMap { $0["code"]?.stringValue } == ["wrong_source", "one_way"])
        #expect(kept["legs"]?[1]?["addresses"]?["refusedPackets"] == 7)
        #expect(try talk.exchange.loop.complete { await calls.diagnosis(ofLiveCall: key) } == .some(nil))
    }

    @Test func `times of packets are told by the calendar`() throws {
        let talk = try talk(seed: 14)
        let before = talk.exchange.loop.wallTime
        flow(talk, on: talk.media)
        let (calls, key) = (talk.exchange.calls, talk.record.key)
        let live = try #require(try talk.exchange.loop.complete { await calls.diagnosis(ofLiveCall: key) } ?? nil)
        #expect(live.legs[0].received.firstAt == before && live.legs[0].received.lastAt == before)
    }

    @Test func `a call that nobody could talk on keeps its record alone`() throws {
        let exchange = try Exchange(seed: 15, users: 2)
        let caller = try exchange.addPhone("1001")
        try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(3))
        caller.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        #expect(exchange.store.records.first?.state.isTerminal == true)
        #expect(exchange.store.diagnosisCount == 0)
        #expect(exchange.calls.assumeIsolated { $0.isQuiet })
    }
}
