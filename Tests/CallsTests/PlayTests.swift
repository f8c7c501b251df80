import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import Testing
import Wire

struct PlayTests {
    /// 1001 calls 1002, who does as the script says.
    private func call(
        seed: UInt64, users: Int = 2, _ script: ScriptedPhone.Answer = .accept(after: .seconds(1))
    ) throws -> (exchange: Exchange, leg: SIPLegID, key: CallKey) {
        let exchange = try Exchange(seed: seed, users: users)
        for index in 0..<users { try exchange.addPhone("\(1001 + index)") }
        #expect(exchange.register())
        for phone in exchange.phones.dropFirst() { phone.assumeIsolated { $0.setScript { _ in script } } }
        let leg = exchange.phones[0].assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(3))
        let key = try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first).key
        return (exchange, leg, key)
    }

    private func play(_ tone: PlayOrder.Tone, to audience: PlayOrder.Audience, _ key: CallKey, in exchange: Exchange)
        throws
    {
        let calls = exchange.calls
        _ = try exchange.loop.complete { try await calls.play(key, PlayOrder(.tone(tone), to: audience, loops: false)) }
    }

    private func played(_ exchange: Exchange) -> [PlayedSound] {
        exchange.witness.events.compactMap { if case .played(let sound) = $0.notice { sound } else { nil } }
    }

    @Test func `both hear an announcement, and one event tells that all have heard it`() throws {
        let (exchange, _, key) = try call(seed: 41)
        try play(.busy, to: .both, key, in: exchange)
        let listeners = exchange.media.announcements.keys.sorted { $0.rawValue < $1.rawValue }
        #expect(listeners.count == 2)
        #expect(exchange.media.partners.count == 2)
        exchange.media.endAnnouncement(to: listeners[0], isWhole: true)
        exchange.loop.advance(by: .seconds(1))
        #expect(played(exchange).isEmpty)
        exchange.media.endAnnouncement(to: listeners[1], isWhole: true)
        exchange.loop.advance(by: .seconds(1))
        #expect(
            played(exchange) == [
                PlayedSound(order: PlayOrder(.tone(.busy), to: .both, loops: false), isWhole: true)
            ])
    }

    @Test func `stopping ends all that is heard, and says so once for each`() throws {
        let (exchange, _, key) = try call(seed: 42)
        try play(.busy, to: .caller, key, in: exchange)
        try play(.congestion, to: .callee, key, in: exchange)
        for _ in 0..<2 {
            _ = try exchange.calls.assumeIsolated { try $0.stopPlaying(key) }
            exchange.loop.advance(by: .seconds(1))
        }
        #expect(exchange.media.announcements.isEmpty)
        #expect(Set(played(exchange).map(\.order.audience)) == [.caller, .callee])
        #expect(played(exchange).count == 2)
        #expect(played(exchange).allSatisfy { !$0.isWhole })
    }

    @Test func `a caller whose call still rings hears an announcement as early media`() throws {
        let (exchange, leg, key) = try call(seed: 43, .accept(after: .seconds(10)))
        let phone = exchange.phones[0]
        #expect(exchange.media.remotes.isEmpty)
        try play(.milliwatt, to: .caller, key, in: exchange)
        exchange.loop.advance(by: .seconds(1))
        #expect(exchange.media.remotes.count == 1)
        #expect(phone.assumeIsolated { $0.fates[leg] } == .pending)
        #expect(Array(exchange.media.announcements.keys) == Array(exchange.media.remotes.keys))
        exchange.loop.advance(by: .seconds(10))
        #expect(phone.assumeIsolated { $0.fates[leg] } == .talking)
        #expect(exchange.media.partners.count == 2)
    }

    @Test func `a callee who has not answered can hear nothing`() throws {
        let (exchange, _, key) = try call(seed: 44, .ignore)
        #expect(throws: CallError.invalidState) { try play(.busy, to: .callee, key, in: exchange) }
    }

    @Test func `a leg that leaves does not keep an announcement for both from ending`() throws {
        let (exchange, leg, key) = try call(seed: 45, users: 3)
        exchange.phones[2].assumeIsolated { $0.setScript { _ in .accept(after: .seconds(1)) } }
        try play(.busy, to: .both, key, in: exchange)
        #expect(exchange.phones[0].assumeIsolated { $0.transfer(leg, to: "1003") })
        exchange.loop.advance(by: .seconds(5))
        let left = try #require(exchange.media.announcements.keys.first)
        #expect(exchange.media.announcements.count == 1)
        exchange.media.endAnnouncement(to: left, isWhole: true)
        exchange.loop.advance(by: .seconds(1))
        #expect(played(exchange).map(\.isWhole) == [false])
    }

    @Test func `whoever is transferred hears the target ring, and then the target`() throws {
        let (exchange, leg, _) = try call(seed: 46, users: 3)
        exchange.phones[2].assumeIsolated { $0.setScript { _ in .accept(after: .seconds(10)) } }
        #expect(exchange.phones[0].assumeIsolated { $0.transfer(leg, to: "1003") })
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.media.sources.values.contains(.ringBack))
        exchange.loop.advance(by: .seconds(10))
        #expect(exchange.media.sources.isEmpty)
        #expect(exchange.media.partners.count == 2)
    }

    @Test func `a caller who was called hears the far end ring`() throws {
        let exchange = try Exchange(seed: 47, users: 2)
        for number in ["1001", "1002"] { try exchange.addPhone(number) }
        #expect(exchange.register())
        exchange.phones[0].assumeIsolated { $0.setScript { _ in .accept(after: .seconds(1)) } }
        exchange.phones[1].assumeIsolated { $0.setScript { _ in .accept(after: .seconds(10)) } }
        let request = CallRequest(caller: .devices(extension: "1001"), target: "1002", source: .sip)
        _ = try exchange.calls.assumeIsolated { try $0.originate(request) }
        exchange.loop.advance(by: .seconds(4))
        #expect(Array(exchange.media.sources.values) == [.ringBack])
        exchange.loop.advance(by: .seconds(10))
        #expect(exchange.media.partners.count == 2)
    }
}
