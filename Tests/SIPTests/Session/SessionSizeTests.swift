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
}
