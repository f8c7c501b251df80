import Testing
import Wire

@testable import SIP

/// Our registration with a server: refresh, challenge, refusal, back-off, end.
struct RegistrationClientTests {
    private func client() throws -> RegistrationClient {
        let target = RegistrationTarget(
            registrar: try #require(SIPURI("sip:provider.example")),
            address: NameAddress(uri: try #require(SIPURI("sip:alice@provider.example"))),
            contact: NameAddress(uri: try #require(SIPURI("sip:alice@192.0.2.9:5060"))),
            credentials: SIPCredentials(username: "alice", secret: .password("secret")))
        return RegistrationClient(target: target, entropy: Entropy(seed: 9))
    }

    private func ok(_ request: SIPRequest, expires: UInt32) -> SIPResponse {
        var response = SIPResponse(to: request, status: 200, toTag: "t")
        response.headers.append(.contact, "<sip:other@192.0.2.7>;expires=9999")
        response.headers.append(.contact, "<sip:alice@192.0.2.9:5060>;expires=\(expires)")
        response.headers.append(.serviceRoute, "<sip:edge.provider.example;lr>")
        return response
    }

    private func challenge(_ request: SIPRequest, _ nonce: String, stale: Bool = false) -> SIPResponse {
        var response = SIPResponse(to: request, status: 401, toTag: "t")
        let challenge = DigestChallenge(realm: "provider", nonce: nonce, algorithm: .md5, isStale: stale)
        response.headers.append(.wwwAuthenticate, challenge.description)
        return response
    }

    @Test func `it registers, takes what was granted and refreshes before that runs out`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        let first = try #require(start)
        #expect(first.headers.expires == 600)
        let after = client.receive(ok(first, expires: 100), now: .zero)
        #expect(after == nil)
        #expect(client.state == .registered)
        #expect(client.serviceRoute.first?.uri.host == "edge.provider.example")
        let wake = try #require(client.nextDeadline)
        #expect(wake >= .zero + .seconds(75) && wake <= .zero + .seconds(90))
        let woken = client.advance(to: wake)
        let refresh = try #require(woken)
        #expect(refresh.headers.callID == first.headers.callID)
        #expect(refresh.headers.cseq == CSeq(2, .register))
        #expect(client.isRegistered)
    }

    @Test func `a challenge is answered once and a wrong password waits longer each time`() throws {
        var client = try client()
        var now = Instant.zero
        let start = client.start(now: now)
        var request = try #require(start)
        var waits: [Duration] = []
        for round in 0..<4 {
            let answered = client.receive(challenge(request, "n\(round)"), now: now)
            let second = try #require(answered)
            #expect(second.headers.contains(.authorization))
            let third = client.receive(challenge(second, "m\(round)"), now: now)
            #expect(third == nil)
            let wake = try #require(client.nextDeadline)
            waits.append(wake - now)
            now = wake
            let woken = client.advance(to: now)
            request = try #require(woken)
        }
        for (index, wait) in waits.enumerated() {
            let longest = Duration.seconds(10) * (1 << index)
            #expect(wait <= longest && wait >= longest / 2)
        }
    }

    @Test func `a stale nonce is answered again`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        let first = client.receive(challenge(try #require(start), "n1"), now: .zero)
        let second = client.receive(challenge(try #require(first), "n2", stale: true), now: .zero)
        #expect(second != nil)
    }

    @Test func `423 asks for as long as the server wants`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        var brief = SIPResponse(to: try #require(start), status: 423, toTag: "t")
        brief.headers.minExpires = 1800
        let again = client.receive(brief, now: .zero)
        #expect(again?.headers.expires == 1800)
    }

    @Test func `Retry-After is obeyed and silence is tried again`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        var busy = SIPResponse(to: try #require(start), status: 503, toTag: "t")
        busy.headers.retryAfter = 120
        _ = client.receive(busy, now: .zero)
        #expect(client.nextDeadline == .zero + .seconds(120))
        let again = client.advance(to: .zero + .seconds(120))
        #expect(again != nil)
        client.requestFailed(.timeout, now: .zero + .seconds(152))
        #expect(client.state == .failed("no answer"))
        #expect(client.nextDeadline != nil)
    }

    @Test func `without a refresh the registration is over when its time is`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        _ = client.receive(ok(try #require(start), expires: 100), now: .zero)
        _ = client.advance(to: .zero + .seconds(95))
        _ = client.advance(to: .zero + .seconds(100))
        #expect(!client.isRegistered)
    }

    @Test(arguments: [TransactionFailure.transport, .timeout])
    func `a refresh that does not get through is no registration any more`(_ failure: TransactionFailure) throws {
        var client = try client()
        let start = client.start(now: .zero)
        _ = client.receive(ok(try #require(start), expires: 600), now: .zero)
        client.hurry(now: .zero + .seconds(60))
        let soon = try #require(client.nextDeadline)
        let hurried = client.advance(to: soon)
        #expect(hurried != nil)
        #expect(client.isRegistered)
        client.requestFailed(failure, now: soon)
        #expect(!client.isRegistered)
        let wake = try #require(client.nextDeadline)
        #expect(wake >= soon + .seconds(5) && wake <= soon + .seconds(10))
    }

    @Test func `a refresh that is refused is no registration any more`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        _ = client.receive(ok(try #require(start), expires: 100), now: .zero)
        let wake = try #require(client.nextDeadline)
        let refresh = client.advance(to: wake)
        _ = client.receive(SIPResponse(to: try #require(refresh), status: 403, toTag: "t"), now: wake)
        #expect(!client.isRegistered)
        let again = client.advance(to: wake + .seconds(10))
        _ = client.receive(ok(try #require(again), expires: 100), now: wake + .seconds(10))
        #expect(client.isRegistered)
    }

    @Test func `stopping takes the contact away`() throws {
        var client = try client()
        let start = client.start(now: .zero)
        _ = client.receive(ok(try #require(start), expires: 100), now: .zero)
        let stop = client.stop()
        let last = try #require(stop)
        #expect(last.headers.expires == 0)
        _ = client.receive(SIPResponse(to: last, status: 200, toTag: "t"), now: .zero)
        #expect(client.state == .idle)
        #expect(client.nextDeadline == nil)
    }
}
