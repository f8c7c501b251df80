import DNS
import Reactor
import TestKit
import Testing
import Wire

/// Names by c-ares, against a name server on loopback.
struct NameResolverTests {
    private let loop: ControlLoop
    private let network: SystemNetwork
    private let server: ScriptedNameServer

    init() throws {
        loop = try ControlLoop()
        server = try ScriptedNameServer(on: SystemNetwork(loop: loop))
        network = SystemNetwork(loop: loop, names: NameServiceSettings(servers: [server.address]))
    }

    private static let service = DNSRecord.service(priority: 1, weight: 2, port: 5060, target: "sip.example.com")
    private static let pointer = DNSRecord.pointer(
        order: 1, preference: 2, flags: "S", service: "SIP+D2U", regexp: "", replacement: "_sip._udp.example.com")

    /// Asks everything at once and runs the loop until all is answered.
    private func ask(_ questions: [DNSQuestion], on network: SystemNetwork? = nil) throws -> [DNSAnswer] {
        var answers: [Int: DNSAnswer] = [:]
        for (index, question) in questions.enumerated() {
            (network ?? self.network).query(question.name, question.kind) { answer in
                answers[index] = answer
                if answers.count == questions.count { loop.stop() }
            }
        }
        #expect(answers.isEmpty, "an answer came within the turn that asked")
        run(loop)
        return try questions.indices.map { try #require(answers[$0]) }
    }

    private func address(_ text: String) throws -> DNSRecord { .address(try #require(IPAddress(text))) }

    @Test func `every kind of record is found, with its lifetime`() throws {
        let records: [DNSRecordKind: DNSRecord] = [
            .a: try address("192.0.2.1"), .aaaa: try address("2001:db8::1"), .srv: Self.service, .naptr: Self.pointer,
        ]
        for (kind, record) in records { server.set("names.example.com", kind, [record], lifetime: 90) }
        let answers = try ask(DNSRecordKind.allCases.map { DNSQuestion("Names.Example.com.", $0) })
        for (kind, answer) in zip(DNSRecordKind.allCases, answers) {
            #expect(answer == DNSAnswer([try #require(records[kind])], lifetime: .seconds(90)))
        }
        #expect(loop.openHandles == 0)
    }

    @Test func `the same question is asked once, by however many and whenever`() throws {
        server.set("_sip._udp.example.com", .srv, [Self.service])
        let question = DNSQuestion("_sip._udp.example.com", .srv)
        var answers = 0
        for _ in 0..<3 {
            network.query(question.name, .srv) { answer in
                #expect(answer.records == [Self.service])
                answers += 1
                guard answers == 3 else { return }
                network.query("_SIP._udp.example.com", .srv) { again in
                    #expect(again.records == [Self.service])
                    loop.stop()
                }
            }
        }
        run(loop)
        #expect(server.asked == [question])
    }

    @Test func `what does not exist is told apart from what cannot be found out`() throws {
        server.replies[DNSQuestion("none.example.com", .srv)] = DNSReply()
        server.replies[DNSQuestion("failing.example.com", .srv)] = DNSReply(responseCode: 2)
        server.replies[DNSQuestion("refusing.example.com", .srv)] = DNSReply(responseCode: 5)
        var broken = DNSReply()
        broken.entries = [("broken.example.com", 1, .raw(type: 33, data: [0, 1]))]
        server.replies[DNSQuestion("broken.example.com", .srv)] = broken
        let names = ["unknown", "none", "failing", "refusing", "broken"].map { DNSQuestion("\($0).example.com", .srv) }
        let failures = try ask(names).map(\.failure)
        #expect(failures[0] == .noSuchName)
        #expect(failures[1] == .noRecords)
        #expect(failures[2].map { !$0.isCertain } == true)
        #expect(failures[3].map { !$0.isCertain } == true)
        #expect(failures[4] == .malformed)
    }

    @Test func `an answer too long for a datagram is fetched by TCP`() throws {
        let question = DNSQuestion("_sip._udp.example.com", .srv)
        var cut = DNSReply()
        cut.isTruncated = true
        server.replies[question] = cut
        let many = (0..<100).map {
            DNSRecord.service(priority: $0, weight: 1, port: 5060, target: "s\($0).example.com")
        }
        server.streamReplies[question] = DNSReply(question.name, many)
        #expect(try ask([question])[0].records == many)
        #expect(server.asked == [question, question])
    }

    @Test func `a silent server is asked twice, and the answer comes in time`() throws {
        var settings = NameServiceSettings(servers: [server.address])
        settings.timeout = .milliseconds(300)
        let question = DNSQuestion("_sip._udp.example.com", .srv)
        server.replies[question] = .lost
        let start = SystemClock.now()
        let answer = try ask([question], on: SystemNetwork(loop: loop, names: settings))[0]
        #expect(answer.failure == .timedOut)
        #expect(answer.lifetime == .seconds(5))
        #expect(SystemClock.now() - start < .seconds(3))
        #expect(server.asked == [question, question])
    }

    @Test func `a second server answers for one that is down`() throws {
        server.set("example.com", .naptr, [Self.pointer])
        let dead = try SystemNetwork(loop: loop).openDatagram(on: SocketAddress(ip: .loopbackIPv4, port: 0)) { _, _ in }
        let gone = dead.localAddress
        dead.close()
        let settings = NameServiceSettings(servers: [gone, server.address])
        let answer = try ask([DNSQuestion("example.com", .naptr)], on: SystemNetwork(loop: loop, names: settings))[0]
        #expect(answer.records == [Self.pointer])
    }

    @Test func `numbers, localhost and what is no name need no server`() throws {
        let answers = try ask([
            DNSQuestion("192.0.2.7", .a), DNSQuestion("192.0.2.7", .aaaa), DNSQuestion("[2001:db8::1]", .aaaa),
            DNSQuestion("localhost", .a), DNSQuestion("sip.localhost", .aaaa), DNSQuestion("", .a),
            DNSQuestion("two words.example", .a), DNSQuestion("a..b", .srv),
            DNSQuestion(String(repeating: "x", count: 300), .a),
        ])
        #expect(answers[0].records == [try address("192.0.2.7")])
        #expect(answers[1].failure == .noRecords)
        #expect(answers[2].records == [try address("2001:db8::1")])
        #expect(answers[3].records == [try address("127.0.0.1")])
        #expect(answers[4].records == [try address("::1")])
        #expect(answers[5...].allSatisfy { $0.failure == .badName })
        #expect(server.asked.isEmpty)
    }

    @Test func `too many open questions fail at once`() throws {
        var limits = NetworkLimits()
        limits.lookups = 1
        let names = NameServiceSettings(servers: [server.address])
        let network = SystemNetwork(loop: loop, limits: limits, names: names)
        server.set("example.com", .naptr, [Self.pointer])
        let answers = try ask([DNSQuestion("example.com", .naptr), DNSQuestion("example.com", .srv)], on: network)
        #expect(answers[0].records == [Self.pointer])
        #expect(answers[1].failure == .overloaded)
    }

    @Test func `a host's addresses of both families are put together`() throws {
        server.set("host.example.com", .a, [try address("192.0.2.1")])
        server.set("host.example.com", .aaaa, [try address("2001:db8::1")])
        var found: [IPAddress] = []
        network.resolve("host.example.com") {
            found = $0
            loop.stop()
        }
        run(loop)
        #expect(found.map(\.description) == ["192.0.2.1", "2001:db8::1"])
    }

    @Test func `a loop that stops in the middle of a question leaves nothing open`() throws {
        server.replies[DNSQuestion("example.com", .naptr)] = .lost
        network.query("example.com", .naptr) { _ in Issue.record("answered after the end") }
        loop.schedule(after: .milliseconds(20)) { loop.stop() }
        run(loop)
        #expect(loop.openHandles == 0)
    }
}
