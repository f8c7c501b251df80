import Testing

@testable import SIP

/// What thousands of calls that are merely up cost.
struct SessionSizeTests {
    @Test func `a session is small, and small once it is up`() throws {
        let size = MemoryLayout<InviteSession>.size
        #expect(size < 1400, "\(size) bytes")
        let link = SimulatedLink(seed: 91)
        link.setOptions(SessionOptions(timer: .seconds(1800)), SessionOptions())
        let call = link.talk()
        link.run(for: .seconds(60))
        for (end, id) in [(SimulatedLink.End.left, call.left), (.right, call.right)] {
            let session = try #require(link.with(end) { $0.sessions[id]?.value })
            #expect(session.invite == nil && session.serverInvite == nil && session.lastAcknowledgement == nil)
            #expect(session.lastProvisional == nil && session.unacknowledged == nil && session.provisionals == nil)
            #expect(session.forks.early.isEmpty && session.localDescription == nil)
            #expect(session.openTransactions.isEmpty)
        }
        let transactions = SimulatedLink.End.allCases.map { link.with($0) { $0.transactionCount } }
        #expect(transactions == [0, 0])
    }

    /// Transactions last for half a minute after a call that is up or over: thousands of them do, where calls are short.
    @Test func `what was said is forgotten once it was answered, and what another fork would need is not`() throws {
        let link = SimulatedLink(seed: 92)
        link.welcome { id in
            link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) }
            link.after(.milliseconds(100)) { link.with(.right) { $0.accept(id, sdp: [2], now: link.now) } }
        }
        let caller = link.call(from: .left)
        link.run(for: .seconds(1))
        link.with(.left) { $0.hangUp(caller, now: link.now) }
        link.run(for: .seconds(1))
        let left = link.with(.left) { $0.context }
        #expect(left.transactions.clients.count == 2)
        #expect(left.transactions.clients.values.allSatisfy { $0.value.unanswered == nil })
        let owned = left.owners.values.map { $0.value.request }
        #expect(owned.count == 2 && owned.allSatisfy { $0.body.isEmpty && $0.headers.fields.count == 3 })
        let session = try #require(link.with(.left) { $0.sessions[caller]?.value })
        #expect(session.isOver && session.invite?.body == [] && session.forks.early.capacity == 0)
        let right = link.with(.right) { $0.context.transactions.servers }
        // The BYE's answer may be asked for again; the INVITE's is repeated by its session.
        #expect(right.values.map { $0.value.lastResponse != nil }.sorted { !$0 && $1 } == [false, true])
    }
}
