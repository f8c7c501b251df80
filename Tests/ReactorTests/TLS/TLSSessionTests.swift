import Crypto
import Testing
import Wire

@testable import Reactor

/// TLS between two machines of ours, without a network.
struct TLSSessionTests {
    private func settings(_ name: String, trusting certificate: Certificate) throws -> TLSClientSettings {
        TLSClientSettings(serverName: name, authorities: try TestCertificates.file(certificate))
    }

    /// What the client says to a server that shows `certificate` when it asks for `name`.
    private func verdict(
        on certificate: Certificate, asking name: String = "sip.example", now: WallTime = TestCertificates.now
    ) throws -> TLSSession.Event? {
        var pair = try TLSPair(
            client: TLSContext(client: settings(name, trusting: certificate)),
            server: TLSContext(server: TLSIdentity(certificate)), now: now)
        pair.run()
        return pair.clientEvents.first
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, 333, 1024])
    func `the handshake and the data survive being cut anywhere`(size: Int) throws {
        let certificate = try TestCertificates.make()
        var pair = try TLSPair(
            client: TLSContext(client: settings("sip.example", trusting: certificate)),
            server: TLSContext(server: TLSIdentity(certificate)))
        let early = Array("sent before the handshake was done".utf8)
        let isKept = pair.client.send(early)
        #expect(isKept)
        pair.run(piece: size)
        let answer = [UInt8](repeating: 7, count: 40_000)
        _ = pair.server.send(answer)
        pair.server.close()
        pair.run(piece: size)
        let (client, server) = (pair.clientEvents, pair.serverEvents)
        #expect(server.first == .established)
        #expect(server.dropFirst().flatMap(\.received) == early)
        #expect(client.first == .established)
        #expect(client.flatMap(\.received) == answer)
        #expect(client.last == .ended(nil))
    }

    @Test func `a certificate of another name, of nobody we trust, past or before its time is refused`() throws {
        let good = try TestCertificates.make()
        #expect(try verdict(on: good) == .established)
        #expect(try verdict(on: good, asking: "SIP.Example.") == .established)
        #expect(try verdict(on: good, asking: "other.example")?.failure == .nameMismatch(expected: "other.example"))
        #expect(try verdict(on: TestCertificates.make(daysAgo: 90))?.failure == .expired)
        #expect(try verdict(on: TestCertificates.make(daysAgo: -90))?.failure == .notYetValid)
        var pair = try TLSPair(
            client: TLSContext(client: settings("sip.example", trusting: TestCertificates.make("ca"))),
            server: TLSContext(server: TLSIdentity(good)))
        pair.run()
        #expect(pair.clientEvents.first?.failure == .unknownAuthority)
        let told = pair.serverEvents.last?.failure
        guard case .refusedByPeer = told else {
            Issue.record("the server was told \(String(describing: told))")
            return
        }
    }

    @Test func `nothing is checked where the settings say so`() throws {
        var settings = TLSClientSettings(serverName: "elsewhere.example")
        settings.verifies = false
        let certificate = try TestCertificates.make(daysAgo: 90)
        var pair = try TLSPair(
            client: TLSContext(client: settings), server: TLSContext(server: TLSIdentity(certificate)))
        pair.run()
        #expect(pair.clientEvents.first == .established)
    }

    @Test func `a server that wants a client's certificate takes one it trusts and no other`() throws {
        let (ours, server) = (try TestCertificates.make("phone"), try TestCertificates.make())
        let listener = try TLSContext(server: TLSIdentity(server), clientAuthorities: TestCertificates.file(ours))
        for (shown, isTaken) in [(ours, true), (try TestCertificates.make("stranger"), false), (nil, false)] {
            var settings = try settings("sip.example", trusting: server)
            settings.identity = try shown.map { try TLSIdentity($0) }
            var pair = try TLSPair(client: TLSContext(client: settings), server: listener)
            pair.run()
            #expect((pair.serverEvents.first == .established) == isTaken)
            let (client, server) = (pair.clientEvents.last?.failure, pair.serverEvents.last?.failure)
            #expect((server == nil) == isTaken)
            #expect((client == nil) == isTaken)
        }
    }

    @Test func `what is no TLS ends the session, and too much before the handshake is refused`() throws {
        let context = try TLSContext(server: TLSIdentity(TestCertificates.make()))
        guard var session = TLSSession(context, now: TestCertificates.now),
            var patient = TLSSession(context, now: TestCertificates.now)
        else { throw TLSFailure.unusable(problem: "no memory") }
        session.receive(Array("OPTIONS sip:a SIP/2.0\r\n".utf8))
        let event = session.takeEvents().last
        guard case .protocolViolation? = event?.failure else {
            Issue.record("\(String(describing: event))")
            return
        }
        let fits = patient.send([UInt8](repeating: 0, count: TLSSession.waitingLimit))
        let isTooMuch = !patient.send([0])
        #expect(fits && isTooMuch)
    }

    @Test func `files that cannot be read are named`() throws {
        #expect { try TLSIdentity(certificateFile: "/nowhere/c.pem", keyFile: "/nowhere/k.pem") } throws: {
            "\($0)".contains("/nowhere/c.pem")
        }
        #expect { try TLSContext(client: TLSClientSettings(serverName: "a", authorities: "/nowhere/ca.pem")) } throws: {
            "\($0)".contains("/nowhere/ca.pem")
        }
    }
}

extension TLSSession.Event {
    fileprivate var received: [UInt8] { if case .received(let bytes) = self { bytes } else { [] } }
}

/// Whom a certificate names (RFC 5922).
struct CertificateNameTests {
    private func isGood(_ names: [Certificate.AlternativeName], for domain: String, name: String = "cn.example") throws
        -> Bool
    {
        let certificate = try TestCertificates.make(name, names: names)
        var settings = TLSClientSettings(serverName: domain)
        settings.authorities = try TestCertificates.file(certificate)
        var pair = try TLSPair(
            client: TLSContext(client: settings), server: TLSContext(server: TLSIdentity(certificate)))
        pair.run()
        return pair.clientEvents.first == .established
    }

    @Test func `a sip URI outdoes the DNS names beside it`() throws {
        let names: [Certificate.AlternativeName] = [.uri("sip:voice.example"), .host("host.example")]
        #expect(try isGood(names, for: "voice.example"))
        #expect(try isGood(names, for: "VOICE.example"))
        #expect(try !isGood(names, for: "host.example"))
        // A user's identity is no domain's, and sips is not asked for.
        let others: [Certificate.AlternativeName] = [
            .uri("sip:alice@voice.example"), .uri("sips:voice.example"), .host("host.example"),
        ]
        #expect(try !isGood(others, for: "voice.example"))
        #expect(try isGood(others, for: "host.example"))
    }

    @Test func `a DNS name counts exactly, a wildcard never, and the common name only alone`() throws {
        #expect(try isGood([.host("a.example")], for: "a.example"))
        #expect(try !isGood([.host("*.example")], for: "a.example"))
        #expect(try !isGood([.host("a.example")], for: "cn.example"))
        #expect(try isGood([], for: "cn.example"))
        #expect(try !isGood([], for: "a.example"))
    }

    @Test func `a numeric host must be among the addresses`() throws {
        let (four, six) = (try #require(IPAddress("192.0.2.7")), try #require(IPAddress("2001:db8::7")))
        #expect(try isGood([.address(four), .address(six)], for: "192.0.2.7"))
        #expect(try isGood([.address(four), .address(six)], for: "2001:db8::7"))
        #expect(try !isGood([.address(four)], for: "192.0.2.8"))
        #expect(try !isGood([.host("192.0.2.7")], for: "192.0.2.7"))
        #expect(try !isGood([], for: "192.0.2.7", name: "192.0.2.7"))
    }
}
