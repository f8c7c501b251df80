import CallKit
import CallModel
import Calls
import Directory
import Media
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Queues of phones and pages, over the simulated network.
struct QueueCallTests {
    private static func sales(_ members: [Int64], _ change: (inout CallQueue) -> Void = { _ in }) -> CallQueue {
        var queue = CallQueue(id: 1, name: "sales")
        queue.extension = "2000"
        queue.members = members.map { QueueMember(userID: $0) }
        change(&queue)
        return queue
    }

    private func fates(_ phone: ScriptedPhone) -> [ScriptedPhone.Fate] {
        phone.assumeIsolated { Array($0.fates.values) }
    }

    private func figures(_ exchange: Exchange, _ queue: String = "sales") -> QueueFigures? {
        exchange.calls.assumeIsolated { $0.queueStatus(named: queue)?.figures }
    }

    @Test func `a caller hears music until the first of the members answers, and the record is his`() throws {
        let exchange = try Exchange(seed: 1, users: 3, queues: [Self.sales([2, 3])])
        let caller = try exchange.addPhone("1001")
        let first = try exchange.addPhone("1002") { _ in .accept(after: .seconds(9)) }
        let second = try exchange.addPhone("1003") { _ in .ignore }
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(5))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .talking)
        #expect(Array(exchange.media.sources.values) == [.music])
        #expect(exchange.store.records.first?.state == .ringing)
        #expect(exchange.store.records.first?.answeredAt == nil)
        exchange.loop.advance(by: .seconds(10))
        #expect(exchange.media.partners.count == 2)
        #expect(exchange.media.sources.isEmpty)
        #expect(fates(first) == [.talking])
        #expect(fates(second) == [.cancelled])
        let record = try #require(exchange.store.records.first)
        #expect(record.state == .answered)
        #expect(record.answeredByUserID == 2)
        #expect(record.assignedUserID == 2)
        #expect(figures(exchange)?.answered == 1)
        caller.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        #expect(exchange.liveCount == 0)
        #expect(exchange.media.open.isEmpty)
        #expect(exchange.statistics.dialogs == 0)
    }

    @Test func `round-robin goes on to the next when nobody answers and when somebody declines`() throws {
        let queue = Self.sales([2, 3, 4]) {
            $0.strategy = .roundRobin
            $0.ringing = .seconds(10)
        }
        let exchange = try Exchange(seed: 2, users: 4, queues: [queue])
        let caller = try exchange.addPhone("1001")
        let silent = try exchange.addPhone("1002") { _ in .ignore }
        let busy = try exchange.addPhone("1003") { _ in .reject(status: 486, after: .seconds(1)) }
        let willing = try exchange.addPhone("1004")
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(20))
        #expect(fates(silent) == [.cancelled])
        #expect(busy.assumeIsolated { $0.calledBy } == ["1001"])
        #expect(fates(willing) == [.talking])
        #expect(caller.assumeIsolated { $0.fates[leg] } == .talking)
        #expect(exchange.store.records.first?.answeredByUserID == 4)
        #expect(exchange.media.open.count == 2)
    }

    @Test func `a caller who gives up is missed, and the members stop ringing`() throws {
        let exchange = try Exchange(seed: 3, users: 2, queues: [Self.sales([2])])
        let caller = try exchange.addPhone("1001")
        let member = try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(5))
        caller.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        #expect(fates(member) == [.cancelled])
        #expect(exchange.store.records.first?.state == .cancelled)
        #expect(figures(exchange)?.abandoned == 1)
        #expect(exchange.liveCount == 0)
        #expect(exchange.media.open.isEmpty)
    }

    @Test func `a second caller waits until the only member is free again, and is told the place`() throws {
        let exchange = try Exchange(seed: 4, users: 3, queues: [Self.sales([2]) { $0.wrapUp = .seconds(5) }])
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1003"))
        let member = try exchange.addPhone("1002")
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(3))
        _ = second.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(30))
        let status = try #require(exchange.calls.assumeIsolated { $0.queueStatus(named: "sales") })
        #expect(status.waiting.map(\.position) == [1])
        #expect(status.waiting.first?.record.callerNumber == "1003")
        #expect(status.members.map(\.state) == [.talking])
        first.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(4))
        #expect(member.assumeIsolated { $0.calledBy }.count == 1)
        exchange.loop.advance(by: .seconds(4))
        #expect(member.assumeIsolated { $0.calledBy } == ["1001", "1003"])
        #expect(exchange.store.records.map(\.state) == [.completed, .answered])
    }

    @Test func `a page takes the call, and a page that never comes gives it back to the next member`() throws {
        let exchange = try Exchange(seed: 5, users: 3, queues: [Self.sales([2, 3]) { $0.strategy = .roundRobin }])
        let caller = try exchange.addPhone("1001")
        #expect(exchange.register())
        exchange.calls.assumeIsolated { calls in
            calls.pagesChanged(userID: 2, online: 1)
            calls.pagesChanged(userID: 3, online: 1)
        }
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(2))
        let key = try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first?.key)
        #expect(throws: CallError.invalidState) {
            try exchange.calls.assumeIsolated { _ = try $0.accept(key, userID: 3) }
        }
        _ = try exchange.calls.assumeIsolated { try $0.accept(key, userID: 2) }
        exchange.loop.advance(by: .seconds(32))
        let page = ScriptedPage("page", userID: 3)
        try exchange.calls.assumeIsolated { calls in
            _ = try calls.accept(key, userID: 3)
            _ = try calls.join(key, page)
            try calls.offer(key, from: page, sdp: ScriptedPage.offer())
        }
        exchange.loop.advance(by: .seconds(1))
        #expect(page.answers.count == 1)
        #expect(exchange.media.partners.count == 2)
        #expect(exchange.store.records.first?.answeredByUserID == 3)
        #expect(caller.assumeIsolated { $0.fates[leg] } == .talking)
    }

    @Test func `a page that calls a queue hears music and then the member`() throws {
        let exchange = try Exchange(seed: 6, users: 2, queues: [Self.sales([2])])
        try exchange.addPhone("1002") { _ in .accept(after: .seconds(3)) }
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 1)
        _ = try exchange.call("2000", from: page)
        exchange.loop.advance(by: .seconds(2))
        #expect(page.answers.count == 1)
        #expect(Array(exchange.media.sources.values) == [.music])
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.media.partners.count == 2)
        #expect(page.answers.count == 1)
    }

    @Test func `two queues with one member ring the member for one caller`() throws {
        var support = Self.sales([2])
        (support.id, support.name, support.extension) = (2, "support", "3000")
        let exchange = try Exchange(seed: 7, users: 3, queues: [Self.sales([2]), support])
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1003"))
        let member = try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        _ = first.assumeIsolated { $0.call("2000") }
        _ = second.assumeIsolated { $0.call("3000") }
        for _ in 0..<120 {
            exchange.loop.advance(by: .seconds(1))
            #expect(fates(member).filter { $0 == .pending }.count <= 1)
        }
        #expect(Set(member.assumeIsolated { $0.calledBy }) == ["1001", "1003"])
    }
}
