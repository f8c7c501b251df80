import CallKit
import CallModel
import Calls
import Reactor
import SIP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Which dialogs of which calls are remembered, as far as memory goes.
struct DialogIndexTests {
    /// Phones 1001 and 1002, and messages kept of about so many calls between them.
    private static func exchange(seed: UInt64, keepingCalls count: Int) throws -> (Exchange, ScriptedPhone) {
        let exchange = try Exchange(seed: seed, users: 4, traceBytes: count * 16 * 700)
        for number in 1001...1004 { try exchange.addPhone("\(number)") }
        #expect(exchange.register())
        return (exchange, exchange.phones[0])
    }

    private static func talk(_ exchange: Exchange, _ phone: ScriptedPhone) {
        let leg = phone.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(3))
        phone.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(1))
    }

    private static func callIDs(_ exchange: Exchange, _ record: CallRecord) -> [String] {
        exchange.calls.assumeIsolated { $0.callIDs(ofCall: record.id) }
    }

    private static func isTraced(_ exchange: Exchange, _ record: CallRecord) -> Bool {
        exchange.calls.assumeIsolated { !$0.signalling(ofCall: record.id).isEmpty }
    }

    @Test func `a call's dialogs are forgotten with the last of its messages`() throws {
        let (exchange, phone) = try Self.exchange(seed: 91, keepingCalls: 5)
        for _ in 0..<40 { Self.talk(exchange, phone) }
        let records = exchange.store.records
        #expect(records.count == 40)
        let remembered = records.filter { !Self.callIDs(exchange, $0).isEmpty }
        #expect((2...12).contains(remembered.count), "\(remembered.count)")
        let last = try #require(records.last)
        #expect(Self.callIDs(exchange, last).count == 2 && Self.isTraced(exchange, last))
        for record in records where Self.isTraced(exchange, record) {
            #expect(remembered.contains { $0.id == record.id })
        }
    }

    @Test func `a call that lives keeps its dialogs, however many others end meanwhile`() throws {
        let (exchange, phone) = try Self.exchange(seed: 92, keepingCalls: 5)
        let other = exchange.phones[2]
        let long = other.assumeIsolated { $0.call("1004") }
        exchange.loop.advance(by: .seconds(3))
        let record = try #require(exchange.store.records.first)
        for _ in 0..<40 { Self.talk(exchange, phone) }
        #expect(Self.callIDs(exchange, record).count == 2 && !Self.isTraced(exchange, record))
        // What ends it is kept, and found.
        other.assumeIsolated { $0.hangUp(long) }
        exchange.loop.advance(by: .seconds(1))
        #expect(Self.isTraced(exchange, record))
        for _ in 0..<40 { Self.talk(exchange, phone) }
        #expect(Self.callIDs(exchange, record).isEmpty)
    }

    @Test func `where no messages are kept no dialogs of calls that are over are either`() throws {
        let (exchange, phone) = try Self.exchange(seed: 93, keepingCalls: 0)
        for _ in 0..<10 { Self.talk(exchange, phone) }
        #expect(exchange.store.records.dropLast(2).allSatisfy { Self.callIDs(exchange, $0).isEmpty })
    }
}
