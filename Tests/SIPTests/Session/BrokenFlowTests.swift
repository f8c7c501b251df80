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

    private func call(_ agent: inout UserAgent, over flow: Flow) -> SessionID {
        let here = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5060)
        let uri = SIPURI(user: "phone", address: flow.remote)
        let contact = NameAddress(uri: SIPURI(user: "us", address: here))
        let peer = SessionPeer(flow: flow, isSymmetric: false, sentBy: here, contact: contact)
        let call = OutgoingSession(
            uri: uri, from: contact, to: NameAddress(uri: uri), offer: Array("offer".utf8), peer: peer)
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

    @Test func `a 2xx that comes again when the phone has another connection is acknowledged there`() throws {
        var agent = agent()
        let id = call(&agent, over: flow(1))
        let invite = try #require(requests(&agent).first)
        var answer = SIPResponse(to: invite, status: 200, toTag: "r")
        answer.headers.contacts = [NameAddress(uri: SIPURI(user: "phone", address: flow(1).remote))]
        answer.setSDP([2])
        agent.receive(.response(answer), from: flow(1), now: now)
        let first = try #require(requests(&agent).first)
        agent.receive(.response(answer), from: flow(1), now: now)
        #expect(requests(&agent).map { $0.serialized() } == [first.serialized()])
        agent.move([id], to: flow(2), now: now)
        agent.receive(.response(answer), from: flow(1), now: now)
        let again = try #require(requests(&agent).first)
        #expect(again.method == .ack && again.headers.vias.count == 1)
        #expect(again.headers.topBranch != first.headers.topBranch)
        #expect(again.headers.to == first.headers.to && again.headers.cseq == first.headers.cseq)
    }

    private func requests(_ agent: inout UserAgent) -> [SIPRequest] {
        agent.takeOutputs().compactMap {
            guard case .transmit(let bytes, _) = $0, case .request(let request)? = try? SIPParser.parse(bytes)
            else { return nil }
            return request
        }
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
