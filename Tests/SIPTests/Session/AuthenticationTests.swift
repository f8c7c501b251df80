import Testing
import Wire

@testable import SIP

/// Challenges within sessions (RFC 3261 section 22): who gets credentials, how often, and who does not.
struct AuthenticationTests {
    private let link = SimulatedLink(seed: 81)
    private let secret = DigestSecret.password("secret")

    /// The left end has credentials, pinned to a realm or not, and only a script answers it.
    private func call(realm: String? = nil, hosts: Set<IPAddress> = []) -> SessionID {
        link.filter = { _, end in end == .left }
        var peer = link.peer(of: .left)
        peer.credentials = SIPCredentials(username: "trunk", secret: secret, realm: realm, hosts: hosts)
        let uri = SIPURI(user: "right", address: SimulatedLink.End.right.address)
        let call = OutgoingSession(
            uri: uri, from: peer.contact, to: NameAddress(uri: uri), offer: [1], peer: peer)
        return link.with(.left) { $0.call(call, now: link.now) }
    }

    private func challenge(_ status: Int, realm: String, nonce: String, stale: Bool = false) throws {
        let request = try #require(lastRequest)
        var response = SIPResponse(to: request, status: status, toTag: "r")
        response.headers.append(
            status == 407 ? .proxyAuthenticate : .wwwAuthenticate,
            DigestChallenge(realm: realm, nonce: nonce, algorithm: .sha256, isStale: stale).description)
        link.inject(.response(response), to: .left)
    }

    private func answer(contact: String = "sip:right@192.0.2.2", sdp: [UInt8]? = [2]) throws {
        var response = SIPResponse(to: try #require(lastRequest), status: 200, toTag: "r")
        response.headers.contacts = [NameAddress(uri: try #require(SIPURI(contact)))]
        response.setSDP(sdp)
        link.inject(.response(response), to: .left)
    }

    private var lastRequest: SIPRequest? {
        let last = link.sent.last { from, message in
            if from == .left, case .request(let request) = message { request.method != .ack } else { false }
        }
        guard case .request(let request)? = last?.message else { return nil }
        return request
    }

    private func credentials(_ header: SIPHeaderName = .authorization) -> DigestCredentials? {
        lastRequest?.headers[header].flatMap { DigestCredentials($0) }
    }

    @Test func `only the pinned realm is answered`() throws {
        _ = call(realm: "pbx.example")
        try challenge(401, realm: "evil.example", nonce: "n")
        #expect(link.endings(of: .left) == [.rejected(status: 401, reason: "Unauthorized")])
        #expect(link.requests(.invite, from: .left).count == 1)
    }

    @Test func `without a pin the first realm that asks is the only one`() throws {
        _ = call()
        try challenge(401, realm: "first.example", nonce: "n")
        #expect(credentials()?.realm == "first.example")
        try challenge(407, realm: "second.example", nonce: "m")
        #expect(link.endings(of: .left) == [.rejected(status: 407, reason: "Proxy Authentication Required")])
    }

    @Test func `a proxy and a server that ask in turn are both answered, each with the next CSeq`() throws {
        _ = call(realm: "pbx.example")
        try challenge(407, realm: "pbx.example", nonce: "p")
        try challenge(401, realm: "pbx.example", nonce: "s")
        #expect(credentials(.proxyAuthorization)?.nonce == "p" && credentials()?.nonce == "s")
        #expect(lastRequest?.headers.cseq?.number == 3)
        try answer()
        #expect(link.events(of: .left) == [.answered(sdp: [2])])
        // The ACK carries the credentials of its INVITE.
        #expect(link.requests(.ack, from: .left).last?.headers[.proxyAuthorization] != nil)
    }

    @Test func `a challenge to a CANCEL is not answered`() throws {
        let id = call(realm: "pbx.example")
        link.inject(.response(SIPResponse(to: try #require(lastRequest), status: 100, toTag: nil)), to: .left)
        link.with(.left) { $0.hangUp(id, now: link.now) }
        #expect(lastRequest?.method == .cancel)
        try challenge(401, realm: "pbx.example", nonce: "n1")
        #expect(lastRequest?.method == .cancel)
        #expect(link.requests(.invite, from: .left).count == 1)
    }

    @Test func `wrong credentials are sent once, and a stale nonce is replaced`() throws {
        _ = call(realm: "pbx.example")
        try challenge(401, realm: "pbx.example", nonce: "n1")
        try challenge(401, realm: "pbx.example", nonce: "n2", stale: true)
        #expect(credentials()?.nonce == "n2")
        try challenge(401, realm: "pbx.example", nonce: "n3")
        #expect(link.endings(of: .left) == [.rejected(status: 401, reason: "Unauthorized")])
        #expect(link.requests(.invite, from: .left).count == 3)
    }

    @Test func `a server that always says stale is not answered for ever`() throws {
        _ = call(realm: "pbx.example")
        for number in 0..<20 where link.endings(of: .left).isEmpty {
            try challenge(401, realm: "pbx.example", nonce: "n\(number)", stale: true)
        }
        #expect(link.endings(of: .left).count == 1)
        #expect(link.requests(.invite, from: .left).count < 8)
    }

    @Test func `later requests carry the next count of the nonce, and a new one where it grew old`() throws {
        let id = call(realm: "pbx.example")
        try challenge(401, realm: "pbx.example", nonce: "n1")
        try answer()
        link.with(.left) { $0.offer(id, sdp: [5], now: link.now) }
        #expect(credentials()?.protection?.nonceCount == 2)
        #expect(credentials()?.match(secret, method: .invite) == true)
        try challenge(401, realm: "pbx.example", nonce: "n2", stale: true)
        #expect(credentials()?.nonce == "n2")
        try answer(sdp: [6])
        #expect(link.events(of: .left).last == .offerAnswered(sdp: [6]))
        link.with(.left) { $0.hangUp(id, now: link.now) }
        #expect(lastRequest?.method == .bye)
        #expect(credentials()?.protection?.nonceCount == 2)
    }

    @Test(arguments: [(401, SIPHeaderName.authorization), (407, .proxyAuthorization)])
    func `the ACK of a fork that answers late carries the credentials of the INVITE`(
        status: Int, header: SIPHeaderName
    ) throws {
        _ = call()
        try challenge(status, realm: "pbx.example", nonce: "n1")
        let invite = try #require(lastRequest)
        try answer()
        var late = SIPResponse(to: invite, status: 200, toTag: "late")
        late.headers.contacts = [NameAddress(uri: SIPURI(user: "other", address: SimulatedLink.End.right.address))]
        link.inject(.response(late), to: .left)
        let ack = try #require(link.requests(.ack, from: .left).last)
        #expect(ack.headers.to?.tag == "late" && ack.headers.cseq?.number == 2)
        #expect(ack.headers[header] == invite.headers[header])
        #expect(ack.headers[header] != nil)
    }

    @Test(
        arguments: [
            (nil, true, false), ("pbx.example", true, true), ("pbx.example", false, false),
        ] as [(String?, Bool, Bool)])
    func `a dialog that moves takes credentials along only to a host they are for, and for a pinned realm`(
        pin: String?, isOwn: Bool, expected: Bool
    ) throws {
        let other = IPAddress(v4: 0xCB00_7142)
        let id = call(realm: pin, hosts: isOwn ? [other] : [])
        try challenge(401, realm: "pbx.example", nonce: "n1")
        try answer(contact: "sip:right@\(other)")
        #expect((link.requests(.ack, from: .left).last?.headers[.authorization] != nil) == expected)
        link.with(.left) { $0.offer(id, sdp: [5], now: link.now) }
        #expect((credentials() != nil) == expected)
        try challenge(401, realm: "pbx.example", nonce: "n2", stale: true)
        #expect((credentials() != nil) == expected)
    }
}
