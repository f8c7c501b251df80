import Testing
import Wire

struct WallTimeTests {
    @Test func `a moment is rounded down to a multiple of a step`() {
        let step = Duration.milliseconds(50)
        #expect(Instant(nanoseconds: 5_049_999_999).roundedDown(to: step) == Instant(nanoseconds: 5_000_000_000))
        #expect(Instant(nanoseconds: 5_000_000_000).roundedDown(to: step) == Instant(nanoseconds: 5_000_000_000))
        #expect(Instant.zero.roundedDown(to: step) == .zero)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00.000Z", 0), ("2025-11-08T12:00:00.000Z", 1_762_603_200_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999), ("1969-12-31T23:59:59.500Z", -500),
    ]) func `a moment and its ISO text are one thing`(text: String, milliseconds: Int64) {
        #expect(WallTime(milliseconds: milliseconds).iso8601() == text)
        #expect(WallTime(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test func `a moment may be moved both ways`() {
        let noon = WallTime(milliseconds: 1_762_603_200_000)
        #expect(noon + .seconds(10) == WallTime(milliseconds: 1_762_603_210_000))
        #expect(noon + .milliseconds(-10_500) == WallTime(milliseconds: 1_762_603_189_500))
        #expect(WallTime(milliseconds: 5) + .milliseconds(-7) == WallTime(milliseconds: -2))
    }

    @Test func `a zero fraction can be left out`() {
        #expect(WallTime(milliseconds: 1000).iso8601(.whenNeeded) == "1970-01-01T00:00:01Z")
        #expect(WallTime(milliseconds: 1001).iso8601(.whenNeeded) == "1970-01-01T00:00:01.001Z")
    }

    @Test func `an offset moves the moment to UTC`() {
        #expect(WallTime(iso8601: "2024-01-01T03:00:00+03:00") == WallTime(iso8601: "2024-01-01T00:00:00Z"))
        #expect(WallTime(iso8601: "2024-01-01") == WallTime(iso8601: "2024-01-01T00:00:00Z"))
    }

    @Test(arguments: ["", "2024", "2023-02-29", "2024-13-01", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00Zx"])
    func `nonsense is no moment`(text: String) {
        #expect(WallTime(iso8601: text) == nil)
    }
}

struct AddressTests {
    @Test(arguments: ["192.0.2.1:5060", "[2001:db8::1]:5061", "0.0.0.0:1", "[::]:65535"])
    func `an address reads back as it was written`(text: String) {
        #expect(SocketAddress(text)?.description == text)
    }

    @Test func `the kernel's form carries the same address`() throws {
        for text in ["198.51.100.7:30000", "[fe80::1:2]:9"] {
            let address = try #require(SocketAddress(text))
            #expect(address.withSockAddr { pointer, _ in SocketAddress(pointer) } == address)
        }
    }

    @Test func `a network holds its own addresses only`() throws {
        let network = try #require(IPNetwork("10.1.0.0/16"))
        #expect(network.contains(try #require(IPAddress("10.1.255.3"))))
        #expect(!network.contains(try #require(IPAddress("10.2.0.1"))))
        #expect(try #require(IPNetwork("0.0.0.0/0")).contains(try #require(IPAddress("203.0.113.9"))))
        #expect(!(try #require(IPNetwork("0.0.0.0/0")).contains(try #require(IPAddress("2001:db8::1")))))
        #expect(IPNetwork("10.0.0.0/33") == nil)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.255.255", "192.0.0.8",
        "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "fc00::1", "fd12::1", "fe80::1",
        "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1",
    ])
    func `what is special is not global`(text: String) throws {
        #expect(try !#require(IPAddress(text)).isGlobal)
    }

    @Test(arguments: [
        "1.1.1.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255",
        "2606:4700::1111", "2a00:1450::1", "2001:4860::8888", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8",
    ])
    func `what may be a host of the Internet is global`(text: String) throws {
        #expect(try #require(IPAddress(text)).isGlobal)
    }
}

struct TimerQueueTests {
    @Test(arguments: ["192.0.2.1\0", "2001:db8::\0>", "[2001:db8::1\0]", "\0"])
    func `an address that goes on behind a NUL is none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `deadlines fire in order of time, then of setting`() {
        var queue = TimerQueue<Int>()
        var entropy = Entropy(seed: 7)
        let times = (0..<500).map { _ in UInt64.random(in: 0..<50, using: &entropy) }
        for (index, time) in times.enumerated() { queue.schedule(at: Instant(nanoseconds: time), index) }
        var fired: [Int] = []
        while let index = queue.popExpired(.never) { fired.append(index) }
        #expect(fired == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    }

    @Test func `a cancelled deadline never fires`() {
        var queue = TimerQueue<Int>()
        let tokens = (0..<300).map { queue.schedule(at: Instant(nanoseconds: UInt64($0)), $0) }
        for (index, token) in tokens.enumerated() where index % 3 != 0 { queue.cancel(token) }
        #expect(queue.count == 100)
        #expect(queue.nextDeadline() == .zero)
        var fired: [Int] = []
        while let index = queue.popExpired(.never) { fired.append(index) }
        #expect(fired == Array(stride(from: 0, to: 300, by: 3)))
    }
}

struct FIFOTests {
    @Test func `the first can be looked at before it is taken`() {
        var queue = FIFO<Int>()
        #expect(queue.first == nil)
        for number in 1...3 { queue.append(number) }
        while let first = queue.first { #expect(queue.popFirst() == first) }
        #expect(queue.isEmpty)
    }

    @Test func `elements leave in the order they came, through growth and wrapping`() {
        var queue = FIFO<Int>()
        var (next, expected) = (0, 0)
        for round in 1...40 {
            for _ in 0..<round * 3 {
                queue.append(next)
                next += 1
            }
            for _ in 0..<round * 2 {
                #expect(queue.popFirst() == expected)
                expected += 1
            }
        }
        #expect(queue.count == next - expected)
        while let element = queue.popFirst() {
            #expect(element == expected)
            expected += 1
        }
        #expect(queue.isEmpty && expected == next)
        queue.append(7)
        #expect(queue.popFirst() == 7 && queue.popFirst() == nil)
    }

    @Test func `an emptied large ring is given back`() {
        var queue = FIFO<Int>()
        for number in 0..<1000 { queue.append(number) }
        while queue.popFirst() != nil {}
        #expect(queue.capacity == 0)
        queue.append(1)
        _ = queue.popFirst()
        #expect(queue.capacity == 16)
    }
}

struct ByteTests {
    @Test func `reading past the end answers nil`() {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = ByteReader(bytes.span.bytes)
        let first = reader.uint16()
        let second = reader.uint16()
        let third = reader.uint8()
        #expect(first == 0x0102)
        #expect(second == nil)
        #expect(third == 3)
    }

    @Test func `a UUID is version 4 and reads back`() throws {
        var entropy = Entropy(seed: 1)
        let uuid = UUID(using: &entropy)
        #expect(UUID(uuid.description) == uuid)
        #expect(Array(uuid.description)[14] == "4")
        #expect(UUID("not-a-uuid") == nil)
    }
}
