import CallKit
import CallModel
import Calls
import Media
import Reactor
import SDP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Transfers between phones, over the simulated network.
struct TransferTests {
    /// 1001 talks to 1002, and has 1002 on hold.
    private struct House {
        let exchange: Exchange
        let phones: [ScriptedPhone]
        let first: SIPLegID

        init(seed: UInt64, codecs: [[Codec]] = [], users: Int = 4) throws {
            exchange = try Exchange(seed: seed, users: users)
            for index in 0..<users {
                let codecs = codecs.indices.contains(index) ? codecs[index] : [.pcma, .pcmu]
                try exchange.addPhone("\(1001 + index)", codecs: codecs)
            }
            #expect(exchange.register())
            phones = exchange.phones
            first = phones[0].assumeIsolated { $0.call("1002") }
            exchange.loop.advance(by: .seconds(3))
            hold()
        }

        private func hold() {
            let leg = first
            phones[0].assumeIsolated { $0.hold(true, leg) }
            exchange.loop.advance(by: .seconds(2))
        }

        func fates(_ index: Int) -> [ScriptedPhone.Fate] { phones[index].assumeIsolated { Array($0.fates.values) } }
        func progress(_ leg: SIPLegID) -> [Int] { phones[0].assumeIsolated { $0.progress[leg] ?? [] } }
        var records: [CallRecord] { exchange.store.records }

        func expectNothingLeft() {
            for phone in phones {
                for leg in phone.assumeIsolated({ Array($0.fates.keys) }) { phone.assumeIsolated { $0.hangUp(leg) } }
            }
            exchange.loop.advance(by: .seconds(60))
            #expect(exchange.liveCount == 0)
            #expect(exchange.media.open.isEmpty)
            #expect(exchange.statistics.legs == 0)
            #expect(exchange.statistics.dialogs == 0)
            #expect(exchange.witness.endings.count == records.count)
            #expect(exchange.witness.endings.values.allSatisfy { $0 == 1 })
            #expect(records.allSatisfy { $0.state.isTerminal })
        }
    }

    @Test func `a phone joins its two calls: the far ends talk, one record goes on, the other is transferred`() throws {
        let house = try House(seed: 21)
        let second = house.phones[0].assumeIsolated { $0.call("1003") }
        house.exchange.loop.advance(by: .seconds(3))
        let first = house.first
        #expect(house.phones[0].assumeIsolated { $0.transfer(first, to: second) })
        house.exchange.loop.advance(by: .seconds(3))
        #expect(house.fates(0) == [.ended, .ended])
        #expect(house.fates(1) == [.talking])
        #expect(house.fates(2) == [.talking])
        #expect(house.progress(first).last == 200)
        #expect(house.exchange.media.partners.count == 2)
        #expect(house.exchange.media.open.count == 2)
        #expect(house.phones[1].assumeIsolated { $0.offers.last?.direction } == .sendrecv)
        let (kept, given) = (house.records[0], house.records[1])
        #expect(kept.state == .answered)
        #expect(kept.transferCount == 1)
        #expect(given.state == .completed)
        #expect(given.endReason == .transferred)
        #expect(given.transferCount == 0)
        house.expectNothingLeft()
        #expect(house.records[0].state == .completed)
    }

    @Test func `a target that still rings is handed over, and the one who waits talks to it when it answers`() throws {
        let house = try House(seed: 22)
        house.phones[2].assumeIsolated { $0.setScript { _ in .accept(after: .seconds(10)) } }
        let second = house.phones[0].assumeIsolated { $0.call("1003") }
        house.exchange.loop.advance(by: .seconds(2))
        let first = house.first
        #expect(house.phones[0].assumeIsolated { $0.transfer(first, to: second) })
        house.exchange.loop.advance(by: .seconds(2))
        #expect(house.progress(first).contains(180))
        #expect(house.exchange.media.sources.values.contains(.ringBack))
        house.exchange.loop.advance(by: .seconds(10))
        #expect(house.fates(1) == [.talking])
        #expect(house.fates(2) == [.talking])
        #expect(house.progress(first).last == 200)
        #expect(house.exchange.media.partners.count == 2)
        #expect(house.records[1].state == .cancelled)
        #expect(house.records[1].endReason == .transferred)
        house.expectNothingLeft()
    }

    @Test func `a target that refuses after all leaves the two who talked together`() throws {
        let house = try House(seed: 23)
        house.phones[2].assumeIsolated { $0.setScript { _ in .reject(status: 486, after: .seconds(5)) } }
        let second = house.phones[0].assumeIsolated { $0.call("1003") }
        house.exchange.loop.advance(by: .seconds(2))
        let first = house.first
        #expect(house.phones[0].assumeIsolated { $0.transfer(first, to: second) })
        house.exchange.loop.advance(by: .seconds(6))
        #expect(house.progress(first).last == 486)
        #expect(house.phones[0].assumeIsolated { $0.fates[first] } == .talking)
        #expect(house.exchange.media.partners.count == 2)
        #expect(house.records[0].transferCount == 0)
        house.expectNothingLeft()
    }

    @Test func `nobody joins the calls of others`() throws {
        let house = try House(seed: 24)
        let foreign = house.phones[2].assumeIsolated { $0.call("1004") }
        house.exchange.loop.advance(by: .seconds(3))
        let dialog = try #require(house.phones[2].assumeIsolated { $0.name(of: foreign) })
        let stolen = house.phones[0].assumeIsolated { $0.call(inPlaceOf: dialog) }
        house.exchange.loop.advance(by: .seconds(3))
        #expect(house.phones[0].assumeIsolated { $0.fates[stolen] } == .rejected(status: 403))
        #expect(house.fates(2) == [.talking])
        #expect(house.exchange.liveCount == 2)
        house.expectNothingLeft()
    }

    @Test func `a blind transfer reports ringing and the answer, and names its author`() throws {
        let house = try House(seed: 25)
        let first = house.first
        #expect(house.phones[0].assumeIsolated { $0.transfer(first, to: "1003") })
        house.exchange.loop.advance(by: .seconds(5))
        #expect(house.progress(first).filter { $0 > 100 } == [180, 200])
        #expect(house.fates(0) == [.ended])
        #expect(house.phones[2].assumeIsolated { $0.calledBy } == ["1002"])
        #expect(house.phones[2].assumeIsolated { $0.referredBy }.first?.contains("1001") == true)
        #expect(house.records.count == 1)
        house.expectNothingLeft()
    }

    @Test(arguments: [("1003", 486), ("nobody", 404)])
    func `a blind transfer that fails says why, and the two go on`(target: String, status: Int) throws {
        let house = try House(seed: 26)
        house.phones[2].assumeIsolated { $0.setScript { _ in .reject(status: 486, after: .seconds(1)) } }
        let first = house.first
        #expect(house.phones[0].assumeIsolated { $0.transfer(first, to: target) })
        house.exchange.loop.advance(by: .seconds(5))
        #expect(house.progress(first).last == status)
        #expect(house.phones[0].assumeIsolated { $0.fates[first] } == .talking)
        house.expectNothingLeft()
    }

    @Test func `two who come together speak a codec both know`() throws {
        let house = try House(seed: 27, codecs: [[.pcma, .pcmu], [.pcmu], [.pcma, .pcmu]])
        let second = house.phones[0].assumeIsolated { $0.call("1003") }
        house.exchange.loop.advance(by: .seconds(3))
        let first = house.first
        #expect(house.phones[0].assumeIsolated { $0.transfer(first, to: second) })
        house.exchange.loop.advance(by: .seconds(5))
        #expect(house.exchange.media.partners.count == 2)
        #expect(house.exchange.media.remotes.values.map(\.stream.codec) == [.pcmu, .pcmu])
        house.expectNothingLeft()
    }

    @Test func `a page joins its two calls by command`() throws {
        let house = try House(seed: 28)
        let page = ScriptedPage("page", userID: 4)
        let one = try house.exchange.call("1003", from: page)
        house.exchange.loop.advance(by: .seconds(3))
        let other = ScriptedPage("second page", userID: 4)
        house.phones[3].assumeIsolated { $0.setScript { _ in .ignore } }
        let two = try house.exchange.call("9196", from: other)
        house.exchange.loop.advance(by: .seconds(1))
        _ = try house.exchange.calls.assumeIsolated {
            try $0.transfer(one.key, to: .call(two.key), reason: nil, userID: 4)
        }
        house.exchange.loop.advance(by: .seconds(2))
        #expect(page.messages.contains(.left))
        #expect(other.messages.contains(.left))
        #expect(house.exchange.media.sources.values.contains(.echo))
        #expect(house.fates(2) == [.talking])
        house.expectNothingLeft()
    }

    @Test func `a phone takes the place of its own leg by a session of its own`() throws {
        let house = try House(seed: 29)
        let (first, phone) = (house.first, house.phones[0])
        phone.assumeIsolated { $0.hold(false, first) }
        house.exchange.loop.advance(by: .seconds(2))
        let dialog = try #require(phone.assumeIsolated { $0.name(of: first) })
        let moved = phone.assumeIsolated { $0.call(inPlaceOf: dialog) }
        house.exchange.loop.advance(by: .seconds(3))
        #expect(phone.assumeIsolated { $0.fates[moved] } == .talking)
        #expect(phone.assumeIsolated { $0.fates[first] } == .ended)
        #expect(house.exchange.media.partners.count == 2)
        #expect(house.exchange.media.open.count == 2)
        #expect(house.records.count == 1)
        house.expectNothingLeft()
    }
}
