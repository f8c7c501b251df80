import CallModel
import Testing
import Wire

struct TransferLogTests {
    /// A call's log, and what it makes of notices.
    private final class Call {
        private(set) var log = TransferLog()
        private var entropy = Entropy(seed: 1)

        func note(_ notice: CallNotice, at moment: WallTime = noon) -> CallTransferRecord? {
            let row = log.row(for: notice, ofCall: 7, to: "1003", at: moment, using: &entropy)
            guard case .transfer(let transfer)? = row else { return nil }
            return transfer
        }
    }

    private static let noon = WallTime(milliseconds: 1_700_000_000_000)

    @Test func `an attempt is one row from its request to its end`() throws {
        let (call, noon) = (Call(), Self.noon)
        #expect(call.log.latestID == nil)
        let begun = try #require(
            call.note(.transferRequested(fromUserID: 1, toUserID: 2, target: "1002", reason: "Специалист")))
        #expect(begun.status == .initiated && begun.kind == .user && begun.target == "1002" && begun.callID == 7)
        #expect(call.log.latestID == begun.id)
        #expect(call.note(.ringing) == nil)
        let done = try #require(call.note(.transferred(fromUserID: 1, toUserID: 2), at: noon + .seconds(5)))
        #expect(done.id == begun.id && done.status == .completed && done.completedAt == noon + .seconds(5))
        #expect(done.createdAt == noon && done.reason == "Специалист")
        #expect(call.note(.ended) == nil)
    }

    @Test func `an attempt that comes to nothing has failed, also by the end of the call`() throws {
        let call = Call()
        let request = CallNotice.transferRequested(fromUserID: nil, toUserID: nil, target: "+7495", reason: nil)
        let first = try #require(call.note(request))
        #expect(first.kind == .blind)
        #expect(call.note(.transferFailed(fromUserID: nil))?.status == .failed)
        let second = try #require(call.note(request))
        #expect(second.id != first.id)
        #expect(call.note(.ended)?.status == .failed)
        #expect(call.note(.ended) == nil)
    }

    @Test func `calls that were joined are a transfer that was not asked for`() throws {
        let call = Call()
        let joined = try #require(call.note(.transferred(fromUserID: 1, toUserID: nil)))
        #expect(joined.kind == .attended && joined.target == "1003" && joined.status == .completed)
        let next = try #require(call.note(.transferred(fromUserID: 1, toUserID: 2)))
        #expect(next.id != joined.id)
    }
}
