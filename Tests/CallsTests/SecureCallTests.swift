import CallKit
import CallModel
import Calls
import Crypto
import Directory
import Media
import Reactor
import SDP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Calls whose sides carry their media differently.
struct SecureCallTests {
    private let browser = LocalTransport.browser(
        BrowserDescription(
            usernameFragment: "page", password: "password-of-22-characters",
            fingerprint: Fingerprint(.sha256, ofCertificate: [1]),
            addresses: [SocketAddress(ip: IPAddress(v4: 0x0A00_0105), port: 5000)]))

    private func talk(
        _ exchange: Exchange, _ first: ScriptedPhone, to number: String = "1002"
    ) -> SIPLegID? {
        guard exchange.register() else { return nil }
        let leg = first.assumeIsolated { $0.call(number) }
        let talks = exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking })
        return talks ? leg : nil
    }

    private func remotes(_ exchange: Exchange) -> [RemoteMedia] { Array(exchange.media.remotes.values) }

    @Test(arguments: [SDESPolicy.optional, .required])
    func `a phone that offers keys is answered with keys, and the other side may be plain`(policy: SDESPolicy) throws {
        let exchange = try Exchange(seed: 1, users: 2)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        first.assumeIsolated { $0.speak(encryption: policy) }
        let leg = try #require(talk(exchange, first))
        let phones = try #require(first.assumeIsolated { $0.agreed[leg] }?.crypto)
        let ours = try #require(remotes(exchange).compactMap(\.stream.crypto).first)
        #expect(ours == SDESKeys(suite: phones.suite, send: phones.receive, receive: phones.send))
        #expect(second.assumeIsolated { $0.agreed.values.first }?.crypto == nil)
        #expect(exchange.media.partners.count == 2)
        first.assumeIsolated { $0.hold(true, leg) }
        exchange.loop.advance(by: .seconds(3))
        #expect(remotes(exchange).compactMap(\.stream.crypto) == [ours])
    }

    @Test func `a phone that refuses plain RTP is offered SRTP alone, and a phone without keys reaches it`() throws {
        let exchange = try Exchange(seed: 2, users: 2)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        second.assumeIsolated { $0.speak(encryption: .required) }
        let leg = try #require(talk(exchange, first))
        #expect(second.assumeIsolated { $0.agreed.values.compactMap(\.crypto).count } == 1)
        #expect(second.assumeIsolated { $0.calledBy } == ["1001", "1001"])
        #expect(exchange.media.partners.count == 2)
        first.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        #expect(exchange.media.open.isEmpty)
        #expect(exchange.statistics.dialogs == 0)
    }

    @Test func `a SIP client in a page calls a phone, and its hold works`() throws {
        let exchange = try Exchange(seed: 3, users: 2)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        first.assumeIsolated { $0.speak(browser) }
        let leg = try #require(talk(exchange, first))
        var kinds: [Bool] = []
        for remote in remotes(exchange) {
            if case .browser(let fragment, _, let fingerprints, _, _) = remote {
                #expect(fragment == "page" && fingerprints.count == 1)
                kinds.append(true)
            } else {
                kinds.append(false)
            }
        }
        #expect(kinds.sorted { $0 && !$1 } == [true, false])
        first.assumeIsolated { $0.hold(true, leg) }
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.media.sources.values.contains(.music))
        #expect(second.assumeIsolated { $0.offers.last?.direction } == .sendonly)
        first.assumeIsolated { $0.hold(false, leg) }
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.media.partners.count == 2)
    }

    @Test func `a phone that speaks IPv6 gets an IPv6 address, and its partner its own`() throws {
        let exchange = try Exchange(seed: 4, users: 2)
        let address = try #require(IPAddress("2001:db8::5"))
        exchange.media.addresses.append(try #require(IPAddress("2001:db8::1")))
        let first = try exchange.addPhone("1001")
        try exchange.addPhone("1002")
        first.assumeIsolated { $0.speak(.rtp(SocketAddress(ip: address, port: 4000))) }
        let leg = try #require(talk(exchange, first))
        var families: Set<IPAddress.Family> = []
        for case .sip(let rtp?, _, _, _) in remotes(exchange) { families.insert(rtp.ip.family) }
        #expect(families == [.ipv4, .ipv6])
        first.assumeIsolated { $0.hangUp(leg) }
    }

    @Test func `without an IPv6 address of ours an IPv6 phone is not left in silence`() throws {
        let exchange = try Exchange(seed: 5, users: 2)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        let address = try #require(IPAddress("2001:db8::5"))
        first.assumeIsolated { $0.speak(.rtp(SocketAddress(ip: address, port: 4000))) }
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(10))
        let fate = first.assumeIsolated { $0.fates[leg] }
        if case .rejected = fate {
        } else {
            Issue.record("the caller should have been refused, but is \(String(describing: fate))")
        }
        #expect(second.assumeIsolated { !$0.fates.values.contains(.talking) })
    }
}
