import Testing
import Wire

@testable import SIP

/// Connections that break, of which one closes for every phone that leaves.
struct BrokenFlowTests {
    private let now = Instant.zero

    private func agent() -> UserAgent {
        let methods: [SIPMethod] = [.invite, .ack, .bye, .cancel]
        return UserAgent(
            profile: UserAgentProfile(name: "test", allowed: methods, supported: []),
            validator: SIPRequestValidator(allowedMethods: methods, extensions: [], bodies: [:]),
            entropy: Entropy(seed: 1))
    }

    private func flow(_ number: UInt64) -> Flow {
        let ip = IPAddress(v4: 0xC000_0200 + UInt32(number & 0xFF))
        return Flow(transport: .tcp, remote: SocketAddress(ip: ip, port: 40_000), connection: number)
    }

    private func call(
        _ agent: inout UserAgent, over flow: Flow, isSymmetric: Bool = false, offer: [UInt8]? = Array("offer".utf8)
    ) -> SessionID {
        let here = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5060)
        let uri = SIPURI(user: "phone", address: flow.remote)
        let contact = NameAddress(uri: SIPURI(user: "us", address: here))
        let peer = SessionPeer(flow: flow, isSymmetric: isSymmetric, sentBy: here, contact: contact)
        let call = OutgoingSession(
            uri: uri, from: contact, to: NameAddress(uri: uri), offer: offer, peer: peer)
        return agent.call(call, now: now)
    }

    private func ended(_ agent: inout UserAgent) -> [SessionID] {
        agent.takeOutputs().compactMap {
            guard case .session(let id, .ended) = $0 else { return nil }
            return id
        }
    }

    @Test func `a broken connection ends the calls that were being placed over it, and no others`() {
        var agent = agent()
        let ids = (0..<40).map { call(&agent, over: flow(UInt64($0 / 2 + 1))) }
        _ = agent.takeOutputs()
        agent.transportFailed(flow(3), now: now)
        #expect(Set(ended(&agent)) == [ids[4], ids[5]])
        agent.transportFailed(flow(3), now: now)
        #expect(ended(&agent).isEmpty)
    }

    @Test func `what rests on a connection is found without a walk and forgotten with the session`() throws {
        var agent = agent()
        let ids = (0..<10).map { call(&agent, over: flow(UInt64($0 + 1))) }
        #expect(ids.indices.allSatisfy { agent.flows.members(on: flow(UInt64($0 + 1))) == [ids[$0]] })
        #expect(agent.context.transactions.flows.count == 10)
        for number in 1...10 { agent.transportFailed(flow(UInt64(number)), now: now) }
        agent.advance(to: now + .seconds(64))
        #expect(agent.sessionCount == 0 && agent.flows.count == 0)
        #expect(agent.transactionCount == 0 && agent.context.transactions.flows.count == 0)
    }

    /// With an answer in the ACK, whose length and type stand in it, too.
    @Test(arguments: ["sip:phone@192.0.2.1:40000;transport=tcp", "sip:phone@192.0.2.1?subject=x"])
    func `a 2xx that comes again when the phone has another connection is acknowledged there`(contact: String) throws {
        var agent = agent()
        let id = call(&agent, over: flow(1), isSymmetric: true, offer: nil)
        let invite = try #require(transmissions(&agent).first)
        guard case .request(let request) = try SIPParser.parse(invite.bytes) else {
            Issue.record("what went out is no request")
            return
        }
        var answer = SIPResponse(to: request, status: 200, toTag: "r")
        answer.headers.contacts = [NameAddress(uri: try #require(SIPURI(contact)))]
        answer.setSDP([2])
        agent.receive(.response(answer), from: flow(1), now: now)
        agent.answerOffer(id, sdp: [3], now: now)
        let first = try #require(transmissions(&agent).first)
        agent.receive(.response(answer), from: flow(1), now: now)
        let second = transmissions(&agent)
        #expect(second.map(\.bytes) == [first.bytes] && second.map(\.flow) == [flow(1)])
        agent.move([id], to: flow(2), now: now)
        agent.receive(.response(answer), from: flow(1), now: now)
        let third = transmissions(&agent)
        #expect(third.map(\.flow) == [flow(2)])
        // The branch alone is another, where the ACK can be read.
        #expect(third.map(\.bytes.count) == [first.bytes.count] && third.first?.bytes.last == 3)
        #expect((third.first?.bytes == first.bytes) == contact.contains("?"))
    }

    private func transmissions(_ agent: inout UserAgent) -> [(bytes: [UInt8], flow: Flow)] {
        agent.takeOutputs().compactMap { if case .transmit(let bytes, let flow) = $0 { (bytes, flow) } else { nil } }
    }

    @Test func `a datagram peer is on no connection`() {
        var agent = agent()
        _ = call(&agent, over: Flow(transport: .udp, remote: flow(1).remote))
        #expect(agent.flows.count == 0)
    }

    @Test func `an index agrees with a walk whatever is done to it`() {
        var random = Entropy(seed: 7)
        var index = FlowIndex<Int>()
        var truth: [Int: Flow] = [:]
        for _ in 0..<2000 {
            let (member, flow) = (Int.random(in: 0..<30, using: &random), flow(.random(in: 1...8, using: &random)))
            if Bool.random(using: &random) {
                index.place(member, on: flow)
                truth[member] = flow
            } else {
                index.remove(member)
                truth[member] = nil
            }
            #expect(index.members(on: flow) == Set(truth.filter { $0.value == flow }.keys), "seed 7")
        }
        #expect(index.count == truth.count)
    }
}
