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

struct PhoneCallTests {
    @Test func `a phone calls a phone, both talk, the caller hangs up, and one record says so`() throws {
        let exchange = try Exchange(seed: 1, users: 2)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        #expect(exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking }))
        #expect(exchange.media.partners.count == 2)
        exchange.loop.advance(by: .seconds(10))
        first.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        let record = try #require(exchange.store.records.first)
        #expect(exchange.store.records.count == 1)
        #expect(record.state == .completed)
        #expect(record.endReason == .callerHangup)
        #expect(record.direction == .internal)
        #expect(record.duration == 10)
        #expect(record.answeredByUserID == 2)
        #expect(second.assumeIsolated { $0.calledBy } == ["1001"])
        #expect(exchange.liveCount == 0)
        #expect(exchange.media.open.isEmpty)
        #expect(exchange.statistics.dialogs == 0)
    }

    @Test func `hold by a phone: its partner hears music and is told by sendonly, and resume undoes both`() throws {
        let exchange = try Exchange(seed: 2, users: 2)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        #expect(exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking }))
        first.assumeIsolated { $0.hold(true, leg) }
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.media.partners.isEmpty)
        #expect(exchange.media.sources.values.contains(.music))
        #expect(second.assumeIsolated { $0.offers.last?.direction } == .sendonly)
        #expect(exchange.store.records.first?.state == .held)
        first.assumeIsolated { $0.hold(false, leg) }
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.media.partners.count == 2)
        #expect(second.assumeIsolated { $0.offers.last?.direction } == .sendrecv)
        #expect(exchange.store.records.first?.holdSeconds == 3)
    }

    @Test func `two pages and a phone ring for one user, and the first answer stops the others`() throws {
        let exchange = try Exchange(seed: 3, users: 2)
        let caller = try exchange.addPhone("1001")
        let phone = try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        let page = ScriptedPage("page-a", userID: 2)
        exchange.calls.assumeIsolated { $0.pagesChanged(userID: 2, online: 2) }
        let leg = caller.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(2))
        let key = try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first?.key)
        try exchange.calls.assumeIsolated { calls in
            _ = try calls.accept(key, userID: 2)
            _ = try calls.join(key, page)
            try calls.offer(key, from: page, sdp: ScriptedPage.offer())
        }
        exchange.loop.advance(by: .seconds(2))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .talking)
        #expect(phone.assumeIsolated { Array($0.fates.values) } == [.cancelled])
        #expect(page.answers.count == 1)
        #expect(exchange.media.partners.count == 2)
        #expect(throws: CallError.alreadyAnswered) {
            try exchange.calls.assumeIsolated { _ = try $0.accept(key, userID: 2) }
        }
    }

    @Test func `a page calls a phone, and transfers it to another`() throws {
        let exchange = try Exchange(seed: 4, users: 3)
        let (second, third) = (try exchange.addPhone("1002"), try exchange.addPhone("1003"))
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 1)
        let record = try exchange.call("1002", from: page)
        exchange.loop.advance(by: .seconds(3))
        #expect(page.answers.count == 1)
        #expect(page.answers.first?.contains("PCMA") == true)
        _ = try exchange.calls.assumeIsolated {
            try $0.transfer(record.key, to: .number("1003"), reason: "billing", userID: 1)
        }
        exchange.loop.advance(by: .seconds(5))
        #expect(page.messages.contains(.left))
        #expect(third.assumeIsolated { Array($0.fates.values) } == [.talking])
        #expect(second.assumeIsolated { Array($0.fates.values) } == [.talking])
        #expect(exchange.media.partners.count == 2)
        #expect(exchange.store.records.first?.transferCount == 1)
    }

    @Test func `a user finds the calls that concern them, from when they do until these are over`() throws {
        let exchange = try Exchange(seed: 6, users: 3)
        _ = (try exchange.addPhone("1002"), try exchange.addPhone("1003"))
        #expect(exchange.register())
        func found(by userID: Int64) -> [Int64] {
            exchange.calls.assumeIsolated { $0.liveRecords(concerning: userID, asOperator: false).map(\.id) }
        }
        let record = try exchange.call("1002", from: ScriptedPage("page", userID: 1))
        exchange.loop.advance(by: .seconds(3))
        #expect([found(by: 1), found(by: 2), found(by: 3)] == [[record.id], [record.id], []])
        _ = try exchange.calls.assumeIsolated {
            try $0.transfer(record.key, to: .number("1003"), reason: nil, userID: 1)
        }
        exchange.loop.advance(by: .seconds(5))
        #expect(found(by: 3) == [record.id])
        exchange.calls.assumeIsolated { $0.endAll() }
        exchange.loop.advance(by: .seconds(5))
        #expect([found(by: 1), found(by: 2), found(by: 3)] == [[], [], []])
        #expect(exchange.calls.assumeIsolated { $0.ringingRecords(userID: 2) }.isEmpty)
    }

    @Test func `a page that is opened while its user rings finds the call`() throws {
        let exchange = try Exchange(seed: 7, users: 2)
        let caller = try exchange.addPhone("1001")
        _ = try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        exchange.calls.assumeIsolated { $0.pagesChanged(userID: 2, online: 1) }
        _ = caller.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(2))
        func ringing(_ userID: Int64?) -> Int {
            exchange.calls.assumeIsolated { $0.ringingRecords(userID: userID).count }
        }
        #expect([ringing(1), ringing(2), ringing(nil)] == [0, 1, 1])
    }

    @Test func `ports that are used up refuse the call with 503 and leave nothing behind`() throws {
        let exchange = try Exchange(seed: 5, users: 2)
        let (first, _) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        exchange.media.capacity = 0
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(60))
        #expect(first.assumeIsolated { $0.fates[leg] } == .rejected(status: 503))
        #expect(exchange.liveCount == 0)
    }

    @Test func `a page whose path broke offers again and is answered with fresh ICE credentials`() throws {
        let exchange = try Exchange(seed: 6, users: 2)
        try exchange.addPhone("1002")
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 1)
        let record = try exchange.call("1002", from: page)
        exchange.loop.advance(by: .seconds(3))
        let restarted = ScriptedPage.offer().replacing("a=ice-ufrag:4ZcD", with: "a=ice-ufrag:Fr3sh")
        try exchange.calls.assumeIsolated { try $0.offer(record.key, from: page, sdp: restarted) }
        exchange.loop.advance(by: .seconds(1))
        #expect(page.answers.count == 2)
        #expect(page.answers.last?.contains("a=ice-ufrag:again") == true)
        #expect(exchange.media.partners.count == 2)
    }
}
