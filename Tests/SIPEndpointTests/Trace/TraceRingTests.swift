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
            ring.keep(try Self.message(Int64(number)), callID: "call-\(number % 7)".utf8.span)
            #expect(ring.byteCount <= 3000)
        }
        let all = ring.trace(of: (0..<7).map { "call-\($0)" })
        let kept = all.messages.map(\.at.milliseconds)
        #expect(kept.count >= 8 && kept == Array(Int64(100 - kept.count)..<100))
    }

    @Test func `whatever comes in whatever size, what is kept is the newest of it, byte for byte`() throws {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var entropy = Entropy(seed: seed)
        let address = try #require(SocketAddress("[2001:db8::1]:5060"))
        for _ in 0..<20 {
            let limit = Int(entropy.next() % 20_000)
            var ring = SIPTraceRing(limit: limit)
            var all: [(callID: String, message: TracedMessage)] = []
            for number in 0..<300 {
                let callID = "call-\(entropy.next() % 12)"
                let message = TracedMessage(
                    at: WallTime(milliseconds: Int64(number)), isIncoming: entropy.next() % 2 == 0,
                    transport: entropy.next() % 2 == 0 ? "UDP" : "WSS", local: address, remote: address,
                    bytes: (0..<entropy.next() % 3000).map { _ in UInt8(truncatingIfNeeded: entropy.next()) })
                ring.keep(message, callID: callID.utf8.span)
                let kept = ring.trace(of: (0..<12).map { "call-\($0)" }).messages
                // One that is larger than the whole ring leaves the others where they are.
                if kept.last?.at == message.at {
                    all.append((callID, message))
                } else {
                    #expect(message.bytes.count + 200 > limit, "seed \(seed)")
                }
                // What one message costs besides, and the rest of the memory that is too short for the next.
                let room = kept.reduce(0) { $0 + $1.bytes.count + 200 }
                #expect(kept.count == all.count || room + 3200 * 2 > limit, "seed \(seed)")
                let expected = all.suffix(kept.count)
                #expect(kept.elementsEqual(expected.lazy.map(\.message)), "seed \(seed)")
                for callID in Set(all.map(\.callID)) {
                    let ofCall = expected.filter { $0.callID == callID }.map(\.message.at)
                    #expect(ring.trace(of: [callID]).messages.map(\.at) == ofCall, "seed \(seed)")
                    #expect(ring.keepsMessages(of: callID) == !ofCall.isEmpty, "seed \(seed)")
                }
            }
        }
    }

    @Test func `messages of several dialogs come in the order of time`() throws {
        var ring = SIPTraceRing(limit: 1 << 20)
        for (at, call) in [(3, "b"), (1, "a"), (2, "c")] {
            ring.keep(try Self.message(Int64(at)), callID: call.utf8.span)
        }
        #expect(ring.trace(of: ["a", "b"]).messages.map(\.at.milliseconds) == [1, 3])
    }

    @Test func `a peer that repeats itself keeps no more than its share, and a ring of nothing keeps nothing`() throws {
        var ring = SIPTraceRing(limit: 1 << 30)
        var none = SIPTraceRing(limit: 0)
        for number in 0..<1000 {
            ring.keep(try Self.message(Int64(number)), callID: "loop".utf8.span)
            none.keep(try Self.message(Int64(number)), callID: "loop".utf8.span)
        }
        #expect(ring.trace(of: ["loop"]).messages.count == 400)
        #expect(none.trace(of: ["loop"]).isEmpty)
    }

    @Test func `a message that begins no call is kept beside others of its call alone`() throws {
        var ring = SIPTraceRing(limit: 1 << 20)
        ring.keep(try Self.message(1), callID: "a".utf8.span, beginsCall: false)
        #expect(ring.trace(of: ["a"]).isEmpty)
        ring.keep(try Self.message(2), callID: "a".utf8.span)
        ring.keep(try Self.message(3), callID: "a".utf8.span, beginsCall: false)
        #expect(ring.trace(of: ["a"]).messages.map(\.at.milliseconds) == [2, 3])
    }

    @Test(arguments: [
        ("INVITE sip:a SIP/2.0\r\nCall-ID: one@two\r\n\r\n", "one@two"), ("SIP/2.0 200 OK\r\ni:x\r\n\r\n", "x"),
        ("SIP/2.0 200 OK\r\nContent-Length: 5\r\ncall-id \t:  y \r\n\r\n", "y"),
        ("INVITE sip:a SIP/2.0\r\nCall-Info: n\r\n\r\nCall-ID: body", nil), ("", nil), ("Call-ID", nil), ("\r\n", nil),
    ])
    func `the Call-ID is found in the head alone`(text: String, expected: String?) {
        let bytes = Array(text.utf8)
        let found = SIPTraceRing.callID(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(found == expected)
    }
}
