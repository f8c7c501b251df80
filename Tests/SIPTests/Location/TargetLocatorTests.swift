import DNS
import Testing
import Wire

@testable import SIP

/// A name service as a table, and what was asked of it.
private struct Zone {
    var answers: [DNSQuestion: DNSAnswer] = [:]

    mutating func set(_ name: String, _ kind: DNSRecordKind, _ records: [DNSRecord], lifetime: Int64 = 300) {
        answers[DNSQuestion(name, kind)] = DNSAnswer(records, lifetime: .seconds(lifetime))
    }

    mutating func host(_ name: String, _ addresses: String...) {
        let found = addresses.compactMap { IPAddress($0) }
        set(name, .a, found.filter(\.isIPv4).map(DNSRecord.address))
        set(name, .aaaa, found.filter { !$0.isIPv4 }.map(DNSRecord.address))
    }

    mutating func service(_ name: String, _ records: (UInt16, UInt16, UInt16, String)...) {
        set(name, .srv, records.map { .service(priority: $0.0, weight: $0.1, port: $0.2, target: $0.3) })
    }

    mutating func pointers(_ name: String, _ records: (UInt16, UInt16, String, String)...) {
        set(
            name, .naptr,
            records.map {
                .pointer(order: $0.0, preference: $0.1, flags: "s", service: $0.2, regexp: "", replacement: $0.3)
            })
    }

    /// Answers the locator's questions, the last one first, until it has finished.
    func finish(_ locator: inout TargetLocator) throws -> (location: SIPLocation, asked: [DNSQuestion]) {
        var asked: [DNSQuestion] = []
        while locator.location == nil {
            var round: [DNSQuestion] = []
            while let question = locator.nextQuestion() { round.append(question) }
            try #require(!round.isEmpty, "the locator waits for nothing")
            asked += round
            for question in round.reversed() {
                locator.receive(answers[question] ?? DNSAnswer(.noSuchName), to: question)
            }
        }
        #expect(locator.nextQuestion() == nil)
        #expect(Set(asked).count == asked.count, "a question was asked twice")
        return (try #require(locator.location), asked)
    }

    func locate(
        _ target: SIPTarget, supported: [SIPTransport] = [.udp, .tcp, .tls]
    ) throws -> (location: SIPLocation, asked: [DNSQuestion]) {
        var locator = TargetLocator(target, supported: supported)
        return try finish(&locator)
    }

    /// The destinations in a random order of equals, as text.
    func destinations(_ target: SIPTarget, supported: [SIPTransport] = [.udp, .tcp, .tls]) throws -> [String] {
        var entropy = Entropy(seed: 1)
        return try locate(target, supported: supported).location.ordered(using: &entropy).map(\.description)
    }
}

struct TargetLocatorTests {
    @Test func `numbers need no questions`() throws {
        let zone = Zone()
        #expect(try zone.destinations(SIPTarget(host: "192.0.2.1")) == ["udp 192.0.2.1:5060"])
        #expect(try zone.destinations(SIPTarget(host: "192.0.2.1", port: 5070)) == ["udp 192.0.2.1:5070"])
        #expect(try zone.destinations(SIPTarget(host: "[2001:db8::1]", transport: .tcp)) == ["tcp [2001:db8::1]:5060"])
        #expect(try zone.destinations(SIPTarget(host: "192.0.2.1", transport: .tls)) == ["tls 192.0.2.1:5061"])
        #expect(try zone.destinations(SIPTarget(host: "192.0.2.1", isSecure: true)) == ["tls 192.0.2.1:5061"])
        #expect(try zone.locate(SIPTarget(host: "192.0.2.1")).asked.isEmpty)
    }

    @Test func `a port makes a host of the name, without NAPTR and SRV`() throws {
        var zone = Zone()
        zone.host("sip.example.com", "192.0.2.1", "2001:db8::1")
        zone.service("_sip._udp.sip.example.com", (1, 1, 9, "elsewhere.example.com"))
        let found = try zone.locate(SIPTarget(host: "SIP.example.com", port: 5080))
        #expect(found.asked == [DNSQuestion("sip.example.com", .a), DNSQuestion("sip.example.com", .aaaa)])
        let texts = try zone.destinations(SIPTarget(host: "sip.example.com", port: 5080))
        #expect(texts == ["udp 192.0.2.1:5080", "udp [2001:db8::1]:5080"])
    }

    @Test func `a transport skips NAPTR, and its service leads to the servers`() throws {
        var zone = Zone()
        zone.service("_sip._tcp.example.com", (10, 0, 5070, "a.example.com"), (5, 0, 5071, "b.example.com"))
        zone.host("a.example.com", "192.0.2.1")
        zone.host("b.example.com", "192.0.2.2")
        let found = try zone.locate(SIPTarget(host: "example.com", transport: .tcp))
        #expect(found.asked.first == DNSQuestion("_sip._tcp.example.com", .srv))
        let texts = try zone.destinations(SIPTarget(host: "example.com", transport: .tcp))
        #expect(texts == ["tcp 192.0.2.2:5071", "tcp 192.0.2.1:5070"])
    }

    @Test func `NAPTR chooses among what we speak, by order and then by preference`() throws {
        var zone = Zone()
        zone.pointers(
            "example.com", (90, 50, "SIP+D2T", "_sip._tcp.example.com"), (50, 60, "sip+d2u", "_sip._udp.example.com"),
            (50, 50, "SIPS+D2T", "_sips._tcp.example.com"), (1, 1, "SIP+D2S", "_sip._sctp.example.com"),
            (2, 2, "E2U+sip", "enum.example.com"))
        zone.service("_sip._tcp.example.com", (1, 1, 5060, "server.example.com"))
        zone.service("_sip._udp.example.com", (1, 1, 5060, "server.example.com"))
        zone.service("_sips._tcp.example.com", (1, 1, 5061, "server.example.com"))
        zone.host("server.example.com", "192.0.2.1")
        let target = SIPTarget(host: "example.com")
        #expect(
            try zone.destinations(target) == ["tls 192.0.2.1:5061", "udp 192.0.2.1:5060", "tcp 192.0.2.1:5060"])
        #expect(
            try zone.destinations(target, supported: [.udp, .tcp]) == ["udp 192.0.2.1:5060", "tcp 192.0.2.1:5060"])
        #expect(try zone.destinations(SIPTarget(host: "example.com", isSecure: true)) == ["tls 192.0.2.1:5061"])
        #expect(try zone.locate(target).asked.count == 6)
    }

    @Test func `NAPTR records with rules or other flags are passed over`() throws {
        var zone = Zone()
        zone.set(
            "example.com", .naptr,
            [
                .pointer(order: 1, preference: 1, flags: "u", service: "SIP+D2T", regexp: "", replacement: "x.example"),
                .pointer(order: 1, preference: 1, flags: "s", service: "SIP+D2T", regexp: "!a!b!", replacement: "x"),
                .pointer(order: 1, preference: 1, flags: "s", service: "SIP+D2T", regexp: "", replacement: ""),
            ])
        zone.host("example.com", "192.0.2.1")
        #expect(try zone.destinations(SIPTarget(host: "example.com")) == ["udp 192.0.2.1:5060"])
    }

    @Test func `without NAPTR every transport's service is looked for`() throws {
        var zone = Zone()
        zone.service("_sips._tcp.example.com", (1, 1, 5061, "server.example.com"))
        zone.service("_sip._tcp.example.com", (1, 1, 5060, "server.example.com"))
        zone.host("server.example.com", "192.0.2.1")
        #expect(
            try zone.destinations(SIPTarget(host: "example.com")) == ["tcp 192.0.2.1:5060", "tls 192.0.2.1:5061"])
        #expect(try zone.destinations(SIPTarget(host: "example.com", isSecure: true)) == ["tls 192.0.2.1:5061"])
    }

    @Test func `without any service the name itself is the server`() throws {
        var zone = Zone()
        zone.host("example.com", "192.0.2.1", "192.0.2.2")
        #expect(
            try zone.destinations(SIPTarget(host: "example.com")) == ["udp 192.0.2.1:5060", "udp 192.0.2.2:5060"])
        #expect(
            try zone.destinations(SIPTarget(host: "example.com", transport: .tls))
                == ["tls 192.0.2.1:5061", "tls 192.0.2.2:5061"])
        #expect(
            try zone.destinations(SIPTarget(host: "example.com"), supported: [.tcp])
                == ["tcp 192.0.2.1:5060", "tcp 192.0.2.2:5060"])
    }

    @Test func `a service announced as absent is not looked for elsewhere`() throws {
        var zone = Zone()
        zone.service("_sip._udp.example.com", (0, 0, 0, ""))
        zone.host("example.com", "192.0.2.1")
        #expect(try zone.destinations(SIPTarget(host: "example.com", transport: .udp)).isEmpty)
    }

    @Test func `sips means TLS, whatever transport stands beside it`() throws {
        var zone = Zone()
        zone.host("example.com", "192.0.2.1")
        let uri = try #require(SIPURI("sips:bob@example.com;transport=tcp"))
        let target = try #require(SIPTarget(uri))
        #expect(target == SIPTarget(host: "example.com", transport: .tcp, isSecure: true))
        #expect(try zone.destinations(target) == ["tls 192.0.2.1:5061"])
        #expect(try zone.destinations(SIPTarget(host: "example.com", transport: .udp, isSecure: true)).isEmpty)
    }

    @Test func `maddr stands in for the host, and other schemes have no servers`() throws {
        let uri = try #require(SIPURI("sip:bob@example.com;maddr=192.0.2.9"))
        #expect(SIPTarget(uri)?.host == "192.0.2.9")
        #expect(SIPTarget(try #require(SIPURI("tel:+15551234"))) == nil)
    }

    @Test func `transports nobody speaks and names nobody knows lead nowhere`() throws {
        let zone = Zone()
        #expect(try zone.destinations(SIPTarget(host: "192.0.2.1", transport: .sctp)).isEmpty)
        let found = try zone.locate(SIPTarget(host: "example.com"))
        #expect(found.location.isEmpty)
        #expect(found.location.lifetime == DNSAnswer.negativeLifetime)
    }
}

struct LocationLifetimeTests {
    @Test func `the least lifetime of what led to the servers holds`() throws {
        var zone = Zone()
        zone.set(
            "_sip._udp.example.com", .srv,
            [.service(priority: 1, weight: 1, port: 5060, target: "server.example.com")], lifetime: 600)
        zone.set("server.example.com", .a, [.address(IPAddress(v4: 1))], lifetime: 120)
        // That there is no AAAA record, nor a NAPTR one, shortens nothing.
        #expect(try zone.locate(SIPTarget(host: "example.com")).location.lifetime == .seconds(120))
        zone.answers[DNSQuestion("example.com", .naptr)] = DNSAnswer(.timedOut)
        #expect(try zone.locate(SIPTarget(host: "example.com")).location.lifetime == .seconds(5))
    }

    @Test func `servers without an address are left out, and the domain stays what was looked for`() throws {
        var zone = Zone()
        zone.service("_sips._tcp.example.com", (1, 1, 5061, "gone.example.net"), (2, 1, 5061, "here.example.net"))
        zone.host("here.example.net", "192.0.2.1")
        let location = try zone.locate(SIPTarget(host: "Example.com", transport: .tls)).location
        var entropy = Entropy(seed: 1)
        let destinations = location.ordered(using: &entropy)
        #expect(destinations.map(\.domain) == ["example.com"])
        #expect(location.addresses == [IPAddress(v4: 0xC000_0201)])
    }

    @Test func `what a domain may cost is bounded`() throws {
        var zone = Zone()
        zone.set(
            "example.com", .naptr,
            (0..<100).map { index in
                .pointer(
                    order: 1, preference: index, flags: "s", service: "SIP+D2U", regexp: "",
                    replacement: "_sip._udp.s\(index).example.com")
            })
        for index in 0..<100 {
            let records = (0..<100).map { server in
                DNSRecord.service(priority: 1, weight: 1, port: 5060, target: "h\(server).s\(index).example.com")
            }
            zone.set("_sip._udp.s\(index).example.com", .srv, records)
            for server in 0..<100 {
                let addresses = (0..<100).map {
                    DNSRecord.address(IPAddress(v4: UInt32(index << 16 | server << 8 | $0)))
                }
                zone.set("h\(server).s\(index).example.com", .a, addresses)
            }
        }
        let found = try zone.locate(SIPTarget(host: "example.com"))
        let limits = TargetLocator.Limits.self
        #expect(found.asked.count == 1 + limits.services + 2 * limits.hosts)
        #expect(found.location.addresses.count <= limits.hosts * limits.addresses)
    }

    @Test func `answers nobody asked for are ignored`() {
        var locator = TargetLocator(SIPTarget(host: "example.com"))
        locator.receive(DNSAnswer([.address(.loopbackIPv4)]), to: DNSQuestion("example.com", .a))
        #expect(locator.findings.isEmpty)
        #expect(locator.location == nil)
        #expect(locator.nextQuestion() == DNSQuestion("example.com", .naptr))
    }
}
