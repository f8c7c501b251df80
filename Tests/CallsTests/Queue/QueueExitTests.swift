import CallKit
import CallModel
import Calls
import Directory
import Media
import Reactor
import TestKit
import Testing
import Wire

/// Ways into queues and out of them.
struct QueueExitTests {
    private static func queue(
        _ name: String, _ number: String, _ members: [Int64], _ change: (inout CallQueue) -> Void = { _ in }
    ) -> CallQueue {
        var queue = CallQueue(id: Int64(number) ?? 0, name: name)
        queue.extension = number
        queue.members = members.map { QueueMember(userID: $0) }
        change(&queue)
        return queue
    }

    private func fates(_ phone: ScriptedPhone) -> [ScriptedPhone.Fate] {
        phone.assumeIsolated { Array($0.fates.values) }
    }

    @Test func `without members there the caller goes to the overflow's user unanswered, and rings`() throws {
        let queue = Self.queue("sales", "2000", [2]) { $0.overflow = .user(3) }
        let exchange = try Exchange(seed: 1, users: 3, queues: [queue])
        let (caller, third) = (try exchange.addPhone("1001"), try exchange.addPhone("1003"))
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .milliseconds(500))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .pending)
        exchange.loop.advance(by: .seconds(3))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .talking)
        #expect(fates(third) == [.talking])
        #expect(exchange.store.records.first?.answeredByUserID == 3)
        #expect(exchange.calls.assumeIsolated { $0.queueStatus(named: "sales") }?.figures.overflowed == 1)
    }

    @Test func `without an overflow the caller is told that nobody answers, and the call is on record`() throws {
        let exchange = try Exchange(seed: 2, users: 2, queues: [Self.queue("sales", "2000", [2])])
        let caller = try exchange.addPhone("1001")
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(2))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .rejected(status: 480))
        #expect(exchange.store.records.map(\.state) == [.noAnswer])
        #expect(exchange.liveCount == 0)
    }

    @Test func `whoever has waited long enough goes on to the next queue, and from there to nobody`() throws {
        let queues = [
            Self.queue("sales", "2000", [2]) {
                $0.maximumWait = .seconds(10)
                $0.overflow = .queue("all")
            },
            Self.queue("all", "2001", [2]) { $0.maximumWait = .seconds(10) },
        ]
        let exchange = try Exchange(seed: 3, users: 2, queues: queues)
        let caller = try exchange.addPhone("1001")
        try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(15))
        let all = try #require(exchange.calls.assumeIsolated { $0.queueStatus(named: "all") })
        #expect(all.waiting.count == 1)
        exchange.loop.advance(by: .seconds(10))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .ended)
        #expect(exchange.store.records.map(\.state) == [.noAnswer])
        #expect(exchange.liveCount == 0)
        #expect(exchange.media.open.isEmpty)
    }

    @Test func `queues that overflow into each other do not carry a caller in a circle`() throws {
        let queues = [
            Self.queue("a", "2000", [2]) { $0.overflow = .queue("b") },
            Self.queue("b", "2001", [2]) { $0.overflow = .queue("a") },
        ]
        let exchange = try Exchange(seed: 4, users: 2, queues: queues)
        let caller = try exchange.addPhone("1001")
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(5))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .rejected(status: 480))
        #expect(exchange.liveCount == 0)
    }

    @Test func `a talking call is transferred into a queue, and the next member takes it`() throws {
        let exchange = try Exchange(seed: 5, users: 3, queues: [Self.queue("sales", "2000", [3])])
        let (second, third) = (try exchange.addPhone("1002"), try exchange.addPhone("1003"))
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 1)
        let record = try exchange.call("1002", from: page)
        exchange.loop.advance(by: .seconds(3))
        _ = try exchange.calls.assumeIsolated {
            try $0.transfer(record.key, to: .number("2000"), reason: "sales", userID: 1)
        }
        exchange.loop.advance(by: .milliseconds(500))
        #expect(page.messages.contains(.left))
        exchange.loop.advance(by: .seconds(4))
        #expect(fates(second) == [.talking])
        #expect(fates(third) == [.talking])
        #expect(exchange.media.partners.count == 2)
        #expect(exchange.store.records.first?.transferCount == 1)
        #expect(exchange.store.records.first?.assignedUserID == 3)
    }

    @Test func `a reload keeps who waits, and a removed queue sends them away`() throws {
        let exchange = try Exchange(seed: 6, users: 3, queues: [Self.queue("sales", "2000", [2])])
        let caller = try exchange.addPhone("1001")
        try exchange.addPhone("1002") { _ in .ignore }
        let third = try exchange.addPhone("1003") { _ in .ignore }
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(2))
        exchange.change(queues: [Self.queue("sales", "2000", [2, 3])])
        exchange.loop.advance(by: .seconds(2))
        #expect(fates(third) == [.pending])
        exchange.change(queues: [])
        exchange.loop.advance(by: .seconds(2))
        #expect(fates(third) == [.cancelled])
        #expect(Array(exchange.media.sources.values) == [.busy])
        exchange.loop.advance(by: .seconds(2))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .ended)
        #expect(exchange.calls.assumeIsolated { $0.queueStatuses() }.isEmpty)
    }

    @Test func `members come, rest and go while calls arrive`() throws {
        let exchange = try Exchange(seed: 7, users: 2, queues: [Self.queue("sales", "2000", [])])
        let caller = try exchange.addPhone("1001")
        let member = try exchange.addPhone("1002") { _ in .ignore }
        #expect(exchange.register())
        try exchange.calls.assumeIsolated { try $0.joinQueue("sales", userID: 2) }
        _ = caller.assumeIsolated { $0.call("2000") }
        exchange.loop.advance(by: .seconds(1))
        #expect(fates(member) == [.pending])
        try exchange.calls.assumeIsolated { try $0.pauseInQueue("sales", userID: 2, true, reason: "lunch") }
        exchange.loop.advance(by: .seconds(1))
        #expect(fates(member) == [.cancelled])
        try exchange.calls.assumeIsolated { try $0.pauseInQueue("sales", userID: 2, false, reason: nil) }
        exchange.loop.advance(by: .seconds(1))
        #expect(fates(member).count == 2)
        #expect(throws: CallError.queueNotFound) {
            try exchange.calls.assumeIsolated { try $0.joinQueue("nothing", userID: 2) }
        }
        #expect(throws: CallError.userNotFound) {
            try exchange.calls.assumeIsolated { try $0.joinQueue("sales", userID: 99) }
        }
    }
}
