import DNS
import TestKit
import Testing
import Wire

struct DNSMessageTests {
    private let question = DNSQuestion("_sip._udp.example.com", .srv)

    private func address(_ text: String) throws -> DNSRecord { .address(try #require(IPAddress(text))) }

    @Test func `every kind of record is read, and the least lifetime holds`() throws {
        let kinds: [DNSRecordKind: DNSRecord] = [
            .a: try address("192.0.2.1"), .aaaa: try address("2001:db8::1"),
            .srv: .service(priority: 1, weight: 2, port: 5060, target: "sip.example.com"),
            .naptr: .pointer(
                order: 50, preference: 60, flags: "s", service: "SIP+D2U", regexp: "",
                replacement: "_sip._udp.example.com"),
        ]
        for (kind, record) in kinds {
            let question = DNSQuestion("example.com", kind)
            var reply = DNSReply("example.com", [record, record], lifetime: 600)
            reply.entries[1].lifetime = 60
            let message = try DNSMessage(reply.bytes(id: 7, question))
            #expect(message.answer(to: kind) == DNSAnswer([record, record], lifetime: .seconds(60)))
        }
    }

    @Test func `lifetimes are kept between five seconds and a day`() throws {
        let record = try address("192.0.2.1")
        for (given, taken) in [(0, 5), (4, 5), (6, 6), (86_401, 86_400), (0x8000_0000, 5)] as [(UInt32, Int64)] {
            let reply = DNSReply("example.com", [record], lifetime: given)
            let answer = try DNSMessage(reply.bytes(id: 7, DNSQuestion("example.com", .a))).answer(to: .a)
            #expect(answer.lifetime == .seconds(taken))
        }
    }

    @Test func `aliases are followed, in whatever order they come, and their lifetime counts`() throws {
        let record = try address("192.0.2.1")
        var reply = DNSReply("c.example", [record], lifetime: 600)
        reply.entries.append(("B.example", 100, .alias("c.example")))
        reply.entries.append(("a.example", 200, .alias("b.EXAMPLE")))
        let answer = try DNSMessage(reply.bytes(id: 7, DNSQuestion("a.example", .a))).answer(to: .a)
        #expect(answer == DNSAnswer([record], lifetime: .seconds(100)))
    }

    @Test func `aliases in a circle, or too many, lead nowhere`() throws {
        var circle = DNSReply()
        circle.entries = [("a.example", 1, .alias("b.example")), ("b.example", 1, .alias("a.example"))]
        var long = DNSReply()
        for index in 0..<40 { long.entries.append(("a\(index).example", 1, .alias("a\(index + 1).example"))) }
        long.entries.append(("a40.example", 1, .record(try address("192.0.2.1"))))
        for (reply, name) in [(circle, "a.example"), (long, "a0.example")] {
            let message = try DNSMessage(reply.bytes(id: 7, DNSQuestion(name, .a)))
            #expect(message.answer(to: .a).failure == .noRecords)
        }
    }

    @Test func `records of other names and types are passed over`() throws {
        var reply = DNSReply("other.example", [try address("192.0.2.1")])
        reply.entries.append(("example.com", 300, .raw(type: 41, data: [1, 2, 3])))
        reply.entries.append(("example.com", 300, .raw(type: 0xFFFF, data: [])))
        let message = try DNSMessage(reply.bytes(id: 7, DNSQuestion("example.com", .a)))
        #expect(message.answer(to: .a).failure == .noRecords)
        #expect(message.answers.count == 3)
    }

    @Test func `what the server says is told apart`() throws {
        let expected: [UInt8: DNSFailure] = [
            0: .noRecords, 1: .serverFailed, 2: .serverFailed, 3: .noSuchName, 4: .serverFailed, 5: .refused,
        ]
        for (code, failure) in expected {
            let message = try DNSMessage(DNSReply(responseCode: code).bytes(id: 7, question))
            #expect(message.answer(to: .srv).failure == failure)
        }
    }

    @Test func `a query, a cut answer, and an answer to something else are no answers`() throws {
        var reply = DNSReply("example.com", [try address("192.0.2.1")])
        let bytes = reply.bytes(id: 7, DNSQuestion("example.com", .a))
        #expect(try DNSMessage(bytes).answer(to: .aaaa).failure == .malformed)
        var query = bytes
        query[2] &= 0x7F
        #expect(try DNSMessage(query).answer(to: .a).failure == .malformed)
        reply.isTruncated = true
        #expect(try DNSMessage(reply.bytes(id: 7, DNSQuestion("example.com", .a))).answer(to: .a).failure == .malformed)
    }

    @Test func `a message that ends anywhere too early is refused`() throws {
        let record = DNSRecord.pointer(
            order: 1, preference: 2, flags: "s", service: "SIP+D2T", regexp: "", replacement: "_sip._tcp.example.com")
        let whole = DNSReply("example.com", [record]).bytes(id: 7, DNSQuestion("example.com", .naptr))
        #expect(throws: Never.self) { try DNSMessage(whole) }
        for length in 0..<whole.count {
            #expect(throws: DNSMessageError.self) { try DNSMessage(Array(whole.prefix(length))) }
        }
    }

    @Test func `data that does not fill its record is refused`() throws {
        let shapes: [(UInt16, [UInt8])] = [
            (1, [1, 2, 3]), (1, [1, 2, 3, 4, 5]), (28, [UInt8](repeating: 0, count: 15)), (33, [0, 1, 0, 1, 0, 1]),
            (33, [0, 1, 0, 1, 0, 1, 0, 0]), (35, [0, 1, 0, 1, 9, 0]), (35, [0, 1, 0, 1, 0, 0, 0, 0, 0]), (5, []),
            (5, [0, 0]),
        ]
        for (type, data) in shapes {
            var reply = DNSReply()
            reply.entries = [
                ("example.com", 1, .raw(type: type, data: data)), ("x", 1, .raw(type: 99, data: [0, 0, 0])),
            ]
            let bytes = reply.bytes(id: 7, DNSQuestion("example.com", .a))
            #expect(throws: DNSMessageError.self, "type \(type), \(data)") { try DNSMessage(bytes) }
        }
    }
}

struct DNSNameTests {
    /// A response whose question has the name that starts at byte 12 of the message.
    private func message(_ name: [UInt8]) -> [UInt8] {
        [0, 7, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0] + name + [0, 1, 0, 1]
    }

    @Test func `pointers lead back to what was written before`() throws {
        var bytes = message(DNSReply.name("sip.example.com"))
        bytes[7] = 1
        // The answer's name is a label and a pointer to "example.com" in the question.
        bytes += [3] + Array("www".utf8) + [0xC0, 16] + [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]
        let answer = try #require(try DNSMessage(bytes).answers.first)
        #expect(answer.name == "www.example.com")
    }

    @Test func `pointers to themselves, forwards, in circles or past the end are refused`() throws {
        let names: [[UInt8]] = [
            [0xC0, 12], [0xC0, 14, 0], [0xC0, 13], [0xFF, 0xFF], [1, 0x61, 0xC0, 12], [1, 0x61, 0xC0, 14], [0xC0],
        ]
        for name in names {
            #expect(throws: DNSMessageError.self, "\(name)") { try DNSMessage(message(name)) }
        }
    }

    @Test func `long chains of pointers are refused`() throws {
        // Twenty pointers, each to the one before it, the first to the name in the question.
        var bytes = message(DNSReply.name("example.com"))
        bytes[7] = 1
        var data: [UInt8] = [0xC0, 12]
        let start = bytes.count + 1 + 10
        for index in 1..<20 { data += [0xC0, UInt8(start + 2 * (index - 1))] }
        bytes += [0] + [0, 16, 0, 1, 0, 0, 0, 1, 0, UInt8(data.count)] + data
        let short = bytes + [0xC0, UInt8(start + 8)] + [0, 99, 0, 1, 0, 0, 0, 1, 0, 0]
        let long = bytes + [0xC0, UInt8(start + 38)] + [0, 99, 0, 1, 0, 0, 0, 1, 0, 0]
        for (bytes, isRead) in [(short, true), (long, false)] {
            var bytes = bytes
            bytes[7] = 2
            #expect(((try? DNSMessage(bytes)) != nil) == isRead)
        }
    }

    @Test func `names longer than 255 bytes and labels of unknown sorts are refused`() throws {
        let label = [63] + [UInt8](repeating: 0x61, count: 63)
        let fits = label + label + label + [61] + [UInt8](repeating: 0x61, count: 61) + [0]
        #expect(fits.count == 255)
        #expect(throws: Never.self) { try DNSMessage(message(fits)) }
        for name in [label + label + label + label + [0], [0x40, 0], [0x80, 0]] {
            #expect(throws: DNSMessageError.badName) { try DNSMessage(message(name)) }
        }
    }

    @Test func `bytes that could be taken for something else are escaped`() throws {
        let name: [UInt8] = [4, 0x61, 0x2E, 0x5C, 0x20, 3, 0xFF, 0x00, 0x62, 0]
        #expect(try DNSMessage(message(name)).questionName == "a\\.\\\\\\032.\\255\\000b")
    }

    @Test func `no more than 256 records are read, whatever the count says`() throws {
        var reply = DNSReply()
        reply.entries = (0..<1000).map { _ in ("example.com", 1, .raw(type: 99, data: [])) }
        #expect(try DNSMessage(reply.bytes(id: 7, DNSQuestion("example.com", .a))).answers.count == 256)
    }

    @Test func `random bytes never stop the reader`() {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        let valid = DNSReply("a.example", [.service(priority: 1, weight: 2, port: 3, target: "b.example")])
            .bytes(id: 7, DNSQuestion("a.example", .srv))
        for _ in 0..<5_000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...6, using: &entropy) {
                bytes[Int.random(in: 0..<bytes.count, using: &entropy)] = UInt8.random(in: 0...255, using: &entropy)
            }
            if let message = try? DNSMessage(bytes) {
                let answer = message.answer(to: .srv)
                #expect(answer.records.isEmpty == (answer.failure != nil), "seed \(seed)")
            }
        }
    }
}
