import Testing
import Wire

@testable import SIPEndpoint

/// A guard whose answers can be expected: asking changes it.
private final class Gate {
    private(set) var state: SourceGuard

    init(limits: SourceLimits) { state = SourceGuard(limits: limits) }

    var dropped: DropCounts { state.dropped }
    func admits(_ source: IPAddress, now: Instant) -> Bool { state.admits(source, now: now) }
    func trust(_ source: IPAddress, until end: Instant) { state.trust(source, until: end) }
    func isBanned(_ source: SocketAddress, now: Instant) -> Bool { state.isBanned(source, now: now) }
    func failed(_ source: SocketAddress, now: Instant) -> Bool { state.failed(source, now: now) }
    func scanned(_ source: SocketAddress, isDatagram: Bool, now: Instant) -> Bool {
        state.scanned(source, isDatagram: isDatagram, now: now)
    }
    func admitsTrunk(_ source: IPAddress, now: Instant) -> Bool { state.admitsTrunk(source, now: now) }
    func isBannedAnywhere(_ source: SocketAddress, now: Instant) -> Bool { state.isBannedAnywhere(source, now: now) }
    func mayAnswer(_ source: IPAddress, bytes: Int, now: Instant) -> Bool {
        state.mayAnswer(source, bytes: bytes, now: now)
    }
}

@Suite struct SourceGuardTests {
    private static func address(_ number: UInt32, port: UInt16 = 5060) -> SocketAddress {
        SocketAddress(ip: IPAddress(v4: 0xC633_6400 &+ number), port: port)
    }

    private let start = Instant.zero + .seconds(1000)

    @Test func `a stranger has a burst, then so many a second`() {
        let sources = Gate(limits: SourceLimits(requestsPerSecond: 20, burst: 100))
        let source = Self.address(1).ip
        #expect((0..<500).count { _ in sources.admits(source, now: start) } == 100)
        #expect((0..<500).count { _ in sources.admits(source, now: start + .seconds(2)) } == 40)
        #expect(sources.dropped.rate == 860)
    }

    @Test func `a flood from many addresses costs no more than the strangers' share, and known phones none of it`() {
        let sources = Gate(limits: SourceLimits(strangersPerSecond: 1000, addresses: 2000))
        let known = IPAddress(v4: 0x0A00_0001)
        sources.trust(known, until: start + .seconds(600))
        var admitted = 0
        for number in 0..<100_000 {
            let now = start + .microseconds(Int64(number) * 100)
            if sources.admits(Self.address(UInt32(number)).ip, now: now) { admitted += 1 }
            if number.isMultiple(of: 1000) { #expect(sources.admits(known, now: now)) }
        }
        #expect((10_000...11_100).contains(admitted))
    }

    @Test func `a flood makes nobody forget what an address was sent`() {
        let sources = Gate(limits: SourceLimits())
        let victim = Self.address(0).ip
        func sent(from now: Instant) -> Int { (0..<100).count { _ in sources.mayAnswer(victim, bytes: 700, now: now) } }
        #expect(sources.admits(victim, now: start))
        #expect(sent(from: start) == 46)
        // The budget is full again after eight seconds; until then strangers come and go.
        for number in 1...140_000 {
            _ = sources.admits(Self.address(UInt32(number)).ip, now: start + .microseconds(Int64(number) * 50))
        }
        #expect(sent(from: start + .seconds(7)) <= 7 * 4096 / 700 + 1)
    }

    @Test func `an unknown address is sent no more bytes than its budget`() {
        let sources = Gate(limits: SourceLimits(answerBytesPerSecond: 4096, answerBurst: 32_768))
        let source = Self.address(1).ip
        var sent = 0
        for step in 0..<6000 {
            let now = start + .milliseconds(10) * step
            if sources.mayAnswer(source, bytes: 700, now: now) { sent += 700 }
        }
        #expect(sent <= 32_768 + 60 * 4096)
        #expect(sent >= 60 * 4096 - 700)
        sources.trust(source, until: start + .seconds(600))
        #expect((0..<1000).allSatisfy { _ in sources.mayAnswer(source, bytes: 700, now: start + .seconds(60)) })
    }

    @Test func `wrong passwords end in a ban that ends`() {
        let sources = Gate(limits: SourceLimits(failuresPerMinute: 5, ban: .seconds(600)))
        let attacker = Self.address(1)
        #expect((0..<4).allSatisfy { _ in !sources.failed(attacker, now: start) })
        #expect(sources.admits(attacker.ip, now: start))
        #expect(sources.failed(attacker, now: start))
        #expect(!sources.admits(attacker.ip, now: start + .seconds(599)))
        #expect(sources.admits(attacker.ip, now: start + .seconds(600)))
    }

    @Test func `failures far apart are nobody's attack`() {
        let sources = Gate(limits: SourceLimits(failuresPerMinute: 3))
        for minute in 0..<20 {
            #expect(!sources.failed(Self.address(1), now: start + .seconds(61) * minute))
        }
    }

    @Test func `behind a shared address the ban meets the one who failed, and no other phone`() {
        let sources = Gate(limits: SourceLimits(failuresPerMinute: 3))
        let (phone, attacker) = (Self.address(1, port: 5060), Self.address(1, port: 6666))
        sources.trust(phone.ip, until: start + .seconds(3600))
        for _ in 0..<3 { _ = sources.failed(attacker, now: start) }
        #expect(sources.isBanned(attacker, now: start))
        #expect(!sources.isBanned(phone, now: start))
        #expect(sources.admits(phone.ip, now: start))
    }

    @Test func `a scanner is banned at its first word over a connection, and told to the log once`() {
        let sources = Gate(limits: SourceLimits())
        let scanner = Self.address(9)
        #expect(sources.scanned(scanner, isDatagram: false, now: start))
        #expect(!sources.scanned(scanner, isDatagram: false, now: start))
        #expect(!sources.admits(scanner.ip, now: start))
    }

    @Test func `a datagram that names itself a scanner's bans nobody, for its source may be forged`() {
        let sources = Gate(limits: SourceLimits())
        let victim = Self.address(9)
        #expect(!sources.scanned(victim, isDatagram: true, now: start))
        #expect(sources.admits(victim.ip, now: start))
        #expect(sources.dropped.scanner == 1)
    }

    @Test(
        arguments: [
            ("friendly-scanner", true), ("SIPVicious 0.3", true), ("sipcli/v1.8", true), ("smap 0.6", true),
            ("baresip v1.0", false), ("SIPVoice 2", false), ("Gulper 1", false), ("smapphone", false),
            ("eyeBeam release 3006o stamp 17551", false), (nil, false),
        ] as [(String?, Bool)])
    func `scanners are known by their whole name`(userAgent: String?, isScanner: Bool) {
        #expect(Scanners.recognises(userAgent: userAgent) == isScanner)
    }

    @Test func `strangers of one IPv6 network share a bucket and a ban`() {
        let sources = Gate(limits: SourceLimits(burst: 100, failuresPerMinute: 3))
        func address(_ low: UInt64) -> IPAddress { IPAddress(high: 0x2001_0DB8_0000_0001, low: low) }
        #expect((0..<500).count { sources.admits(address(UInt64($0) + 1), now: start) } == 100)
        let outcomes = (1...3).map { sources.failed(SocketAddress(ip: address($0), port: 5060), now: start) }
        #expect(outcomes == [false, false, true])
        let later = start + .seconds(60)
        #expect(!sources.admits(address(77), now: later))
        #expect(sources.isBannedAnywhere(SocketAddress(ip: address(78), port: 1), now: later))
        #expect(sources.admits(IPAddress(high: 0x2001_0DB8_0000_0002, low: 1), now: later))
    }

    @Test func `a trunk's address may say more than it ever does, and not everything`() {
        let sources = Gate(limits: SourceLimits(trunkPerSecond: 20_000))
        let carrier = Self.address(1).ip
        #expect((0..<30_000).count { _ in sources.admitsTrunk(carrier, now: start) } == 20_000)
        #expect((0..<30_000).count { _ in sources.admitsTrunk(carrier, now: start + .milliseconds(500)) } == 10_000)
        #expect(sources.admitsTrunk(Self.address(2).ip, now: start))
    }

    @Test func `an account whose password is guessed from everywhere rests for a minute, and no other`() {
        var guesses = GuessGuard(limits: SourceLimits(failuresPerAccount: 20, accountRest: .seconds(60)))
        let early = (0..<19).map { _ in guesses.failed("100", now: start) }
        let restsEarly = guesses.rests("100", now: start)
        let last = guesses.failed("100", now: start)
        let (rests, other) = (guesses.rests("100", now: start + .seconds(59)), guesses.rests("101", now: start))
        let restsLate = guesses.rests("100", now: start + .seconds(60))
        #expect(!early.contains(true) && !restsEarly && last)
        #expect(rests && !other && !restsLate)
    }

    @Test func `a wrong password is remembered for ten minutes, and until the right one comes`() {
        var guesses = GuessGuard(limits: SourceLimits(failuresPerAccount: 3, accountRest: .seconds(60)))
        _ = guesses.failed("100", now: start)
        let (lately, other) = (
            guesses.latestFailure("100", now: start + .seconds(600)), guesses.latestFailure("101", now: start)
        )
        let late = guesses.latestFailure("100", now: start + .seconds(601))
        #expect(lately == start && other == nil && late == nil)
        guesses.succeeded("100")
        let mended = guesses.latestFailure("100", now: start)
        let (second, third) = (guesses.failed("100", now: start), guesses.failed("100", now: start))
        // Guessing goes on counting.
        #expect(mended == nil && !second && third)
    }

    @Test func `tables forget those heard from longest ago and never grow past their limit`() {
        var table = RecentTable<Int, Int>(limit: 100)
        table[-1] = 1
        for key in 0..<10_000 {
            table[key] = key
            let used = table[-1]
            #expect(used == 1, "used all the time")
            #expect(table.count <= 100)
        }
        let (newest, oldest) = (table[9_999], table[5])
        #expect(newest == 9_999)
        #expect(oldest == nil)
    }
}
