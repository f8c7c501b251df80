import DNS
import Testing
import Wire

@testable import Reactor

struct NameCacheTests {
    private let question = DNSQuestion("example.com", .a)
    private let record = DNSRecord.address(IPAddress(v4: 0xC000_0201))
    private let start = Instant.zero + .seconds(1)

    @Test func `an answer holds for its lifetime, of which less and less is left`() {
        var cache = NameCache(capacity: 10)
        cache.keep(DNSAnswer([record], lifetime: .seconds(60)), to: question, now: start)
        #expect(cache.answer(to: question, now: start)?.lifetime == .seconds(60))
        #expect(cache.answer(to: question, now: start + .seconds(40))?.lifetime == .seconds(20))
        #expect(cache.answer(to: question, now: start + .seconds(58))?.lifetime == .seconds(5))
        #expect(cache.answer(to: question, now: start + .seconds(60)) == nil)
        #expect(cache.answer(to: DNSQuestion("example.com", .aaaa), now: start) == nil)
    }

    @Test func `what does not exist is not asked for again for half a minute`() {
        var cache = NameCache(capacity: 10)
        cache.keep(DNSAnswer(.noSuchName), to: question, now: start)
        #expect(cache.answer(to: question, now: start + .seconds(29))?.failure == .noSuchName)
        #expect(cache.answer(to: question, now: start + .seconds(30)) == nil)
        #expect(cache.revive(question, now: start + .seconds(31)) == nil)
    }

    @Test func `expired records stand in for a server that does not answer, for a day`() {
        var cache = NameCache(capacity: 10)
        cache.keep(DNSAnswer([record], lifetime: .seconds(60)), to: question, now: start)
        let later = start + .seconds(3600)
        #expect(cache.answer(to: question, now: later) == nil)
        #expect(cache.revive(question, now: later)?.records == [record])
        #expect(cache.answer(to: question, now: later + .seconds(29))?.records == [record])
        #expect(cache.answer(to: question, now: later + .seconds(31)) == nil)
        #expect(cache.revive(question, now: start + .seconds(60 + 86_400)) == nil)
    }

    @Test func `a full cache forgets what expires first`() {
        var cache = NameCache(capacity: 3)
        for (index, seconds) in [60, 20, 40, 30].enumerated() {
            let answer = DNSAnswer([record], lifetime: .seconds(seconds))
            cache.keep(answer, to: DNSQuestion("\(index).example", .a), now: start)
        }
        #expect(cache.count == 3)
        let kept = (0..<4).filter { cache.answer(to: DNSQuestion("\($0).example", .a), now: start) != nil }
        #expect(kept == [0, 2, 3])
    }
}

struct HostsTableTests {
    private let text = """
        127.0.0.1\tlocalhost
        192.0.2.1   pbx.example.com pbx # the exchange
        2001:db8::1 PBX.example.com
        #192.0.2.9 hidden
        192.0.2.2 pbx pbx
        not-an-address name
        fe80::1%eth0 scoped

        """

    @Test func `names have every address they stand beside`() {
        let table = HostsTable(Array(text.utf8))
        let addresses = { (name: String) in table.addresses(of: name)?.map(\.description) }
        #expect(addresses("pbx.example.com") == ["192.0.2.1", "2001:db8::1"])
        #expect(addresses("pbx") == ["192.0.2.1", "192.0.2.2"])
        for name in ["hidden", "name", "scoped", "the", "192.0.2.1", ""] { #expect(addresses(name) == nil) }
    }

    @Test func `lines may end as on other systems, and the last may not end at all`() {
        let table = HostsTable(Array("192.0.2.1 one\r\n192.0.2.2 two".utf8))
        #expect(table.addresses(of: "one")?.count == 1)
        #expect(table.addresses(of: "two")?.count == 1)
    }
}
