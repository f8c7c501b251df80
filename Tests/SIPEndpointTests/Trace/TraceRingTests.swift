import SIP
import Testing
import Wire

@testable import SIPEndpoint

@Suite struct TraceRingTests {
    private static func message(_ at: Int64, size: Int = 100) throws -> TracedMessage {
        let address = try #require(SocketAddress("192.0.2.1:5060"))
        return TracedMessage(
            at: WallTime(milliseconds: at), isIncoming: true, transport: "UDP", local: address, remote: address,
            bytes: [UInt8](repeating: 65, count: size))
    }

    @Test func `the newest messages push the oldest out, never past the limit`() throws {
        var ring = SIPTraceRing(limit: 3000)
        for number in 0..<100 {
            ring.keep(try Self.message(Int64(number)), callID: "call-\(number % 7)")
            #expect(ring.byteCount <= 3000)
        }
        let all = ring.trace(of: (0..<7).map { "call-\($0)" })
        #expect(all.messages.map(\.at.milliseconds) == Array(90..<100))
    }

    @Test func `messages of several dialogs come in the order of time`() throws {
        var ring = SIPTraceRing(limit: 1 << 20)
        for (at, call) in [(3, "b"), (1, "a"), (2, "c")] { ring.keep(try Self.message(Int64(at)), callID: call) }
        #expect(ring.trace(of: ["a", "b"]).messages.map(\.at.milliseconds) == [1, 3])
    }

    @Test func `a peer that repeats itself keeps no more than its share, and a ring of nothing keeps nothing`() throws {
        var (ring, none) = (SIPTraceRing(limit: 1 << 30), SIPTraceRing(limit: 0))
        for number in 0..<1000 {
            ring.keep(try Self.message(Int64(number)), callID: "loop")
            none.keep(try Self.message(Int64(number)), callID: "loop")
        }
        #expect(ring.trace(of: ["loop"]).messages.count == 400)
        #expect(none.trace(of: ["loop"]).isEmpty)
    }

    @Test func `a message that begins no call is kept beside others of its call alone`() throws {
        var ring = SIPTraceRing(limit: 1 << 20)
        ring.keep(try Self.message(1), callID: "a", beginsCall: false)
        #expect(ring.trace(of: ["a"]).isEmpty)
        ring.keep(try Self.message(2), callID: "a")
        ring.keep(try Self.message(3), callID: "a", beginsCall: false)
        #expect(ring.trace(of: ["a"]).messages.map(\.at.milliseconds) == [2, 3])
    }

    @Test(arguments: [
        ("INVITE sip:a SIP/2.0\r\nCall-ID: one@two\r\n\r\n", "one@two"), ("SIP/2.0 200 OK\r\ni:x\r\n\r\n", "x"),
        ("SIP/2.0 200 OK\r\nContent-Length: 5\r\ncall-id \t:  y \r\n\r\n", "y"),
        ("INVITE sip:a SIP/2.0\r\nCall-Info: n\r\n\r\nCall-ID: body", nil), ("", nil), ("Call-ID", nil), ("\r\n", nil),
    ])
    func `the Call-ID is found in the head alone`(text: String, expected: String?) {
        #expect(SIPTraceRing.callID(in: Array(text.utf8)) == expected)
    }
}
