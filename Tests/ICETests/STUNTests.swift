import ICE
import Testing
import Wire

struct STUNTests {
    @Test func `RFC 5769 section 2.1, a request`() throws {
        let bytes = RFC5769.request
        let message = try STUNMessage(bytes.span.bytes)
        let facts = (message.messageClass, message.method, message.priority, message.iceControlled)
        #expect(facts.0 == .request)
        #expect(facts.1 == STUN.bindingMethod)
        #expect(facts.2 == 0x6E00_01FF)
        #expect(facts.3 == 0x932F_F9B1_5126_3B36)
        let checks = (message.fingerprint, message.integrity(key: RFC5769.password))
        #expect(checks == (.valid, .valid))
        let wrongKey = message.integrity(key: Array("another".utf8))
        #expect(wrongKey == .invalid)
        let (local, remote) = (Array("evtj".utf8), Array("h6vY".utf8))
        let isOurs = message.isAddressed(toUfrag: local, fromUfrag: remote)
        let isSwapped = message.isAddressed(toUfrag: remote, fromUfrag: local)
        #expect(isOurs && !isSwapped)
    }

    @Test(arguments: [
        (RFC5769.responseIPv4, "192.0.2.1:32853"),
        (RFC5769.responseIPv6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ])
    func `RFC 5769 sections 2.2 and 2.3, responses`(bytes: [UInt8], address: String) throws {
        let message = try STUNMessage(bytes.span.bytes)
        let mapped = message.xorMappedAddress
        #expect(mapped == SocketAddress(address))
        let checks = (message.messageClass, message.fingerprint, message.integrity(key: RFC5769.password))
        #expect(checks == (.success, .valid, .valid))
    }

    @Test(arguments: ["192.0.2.1:1", "[2001:db8::1]:65535"])
    func `what is written reads back`(text: String) throws {
        let address = try #require(SocketAddress(text))
        let transaction = STUNTransactionID(high: 0x0102_0304, low: 0x0506_0708_090A_0B0C)
        var writer = STUNWriter(.error, transactionID: transaction, method: 0xFFF)
        writer.xorMappedAddress(address)
        writer.errorCode(487)
        writer.priority(7)
        writer.useCandidate()
        writer.iceControlling(.max)
        let bytes = writer.finish(integrityKey: RFC5769.password)
        let message = try STUNMessage(bytes.span.bytes)
        let header = (message.messageClass, message.method, message.transactionID == transaction)
        #expect(header == (.error, 0xFFF, true))
        let fields = (message.xorMappedAddress, message.errorCode, message.priority, message.iceControlling)
        #expect(fields.0 == address)
        #expect((fields.1, fields.2, fields.3) == (487, 7, .max))
        let checks = (message.useCandidate, message.fingerprint, message.integrity(key: RFC5769.password))
        #expect(checks == (true, .valid, .valid))
    }

    @Test func `every changed bit breaks a check or the message`() {
        for bit in 0..<RFC5769.request.count * 8 {
            var changed = RFC5769.request
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let message = try? STUNMessage(changed.span.bytes) else { continue }
            let isIntact = message.fingerprint == .valid && message.integrity(key: RFC5769.password) == .valid
            #expect(!isIntact, "bit \(bit)")
        }
    }

    @Test func `every truncation is refused`() {
        for count in 0..<RFC5769.request.count {
            let part = Array(RFC5769.request[..<count])
            #expect(throws: STUNError.self) { _ = try STUNMessage(part.span.bytes) }
        }
    }

    @Test func `attributes behind MESSAGE-INTEGRITY do not count`() throws {
        let transaction = STUNTransactionID(high: 1, low: 2)
        var inner = STUNWriter(.request, transactionID: transaction)
        inner.bytes(0x0008, [UInt8](repeating: 0, count: 20))
        inner.useCandidate()
        inner.priority(9)
        let bytes = inner.finish(integrityKey: nil)
        let message = try STUNMessage(bytes.span.bytes)
        let fields = (message.useCandidate, message.priority)
        #expect(!fields.0 && fields.1 == nil)
    }

    @Test func `unknown attributes are listed only when they must be understood`() throws {
        var writer = STUNWriter(.request, transactionID: STUNTransactionID(high: 1, low: 2))
        writer.bytes(0x7FFF, [1, 2, 3])
        writer.bytes(0x8FFF, [])
        writer.bytes(0x0033, [])
        let bytes = writer.finish(integrityKey: nil)
        let unknown = try STUNMessage(bytes.span.bytes).unknownRequired
        #expect(unknown == [0x7FFF, 0x0033])
    }

    @Test func `random bytes neither trap nor pass`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var entropy = Entropy(seed: seed)
        for _ in 0..<5000 {
            var bytes = RFC5769.request
            for _ in 0..<Int.random(in: 1...8, using: &entropy) {
                bytes[Int.random(in: 20..<bytes.count, using: &entropy)] = .random(in: 0...255, using: &entropy)
            }
            _ = STUN.localUfrag(in: bytes.span.bytes)
            guard let message = try? STUNMessage(bytes.span.bytes) else { continue }
            _ = (message.xorMappedAddress, message.errorCode, message.priority)
            let check = message.integrity(key: RFC5769.password)
            #expect(check != .valid || message.fingerprint == .valid || bytes != RFC5769.request, "seed \(seed)")
        }
    }
}

struct DatagramKindTests {
    private func kind(_ bytes: [UInt8]) -> DatagramKind { DatagramKind(bytes.span.bytes) }

    @Test func `the first byte sorts as RFC 7983 draws it`() {
        for first in UInt8.min...UInt8.max {
            let datagram = [first] + [UInt8](repeating: 0, count: 30)
            let expected: DatagramKind =
                switch first {
                case 0...3: .stun
                case 20...63: .dtls
                case 128...191: .rtp
                default: .other
                }
            #expect(kind(datagram) == expected)
        }
    }

    @Test func `datagrams shorter than a header are nothing`() {
        #expect(kind([UInt8]()) == .other)
        #expect(kind([UInt8](repeating: 0, count: 19)) == .other)
        #expect(kind([UInt8](repeating: 22, count: 13)) == .other)
        #expect(kind([UInt8](repeating: 128, count: 7)) == .other)
        #expect(kind([UInt8](repeating: 128, count: 8)) == .rtp)
    }
}
