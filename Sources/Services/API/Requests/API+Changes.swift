import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Telemetry
import Web
import Wire

/// Writing on calls, whether they live or are over.
extension API {
    /// Changes what people wrote about a call, with the rows that go with it, and tells those it concerns.
    func change(
        _ known: CallRecord, by caller: Caller, rows: [CallRow] = [],
        _ edit: @escaping @Sendable (inout CallRecord) -> Void
    ) async throws(Failure) -> CallRecord {
        let userID = caller.userID
        if let live = await calls.edit(known.key, userID: userID, rows: rows, edit) { return live }
        let (now, calls, traceParent) = (loop.wallTime, calls, TraceContext.parent)
        let event: @Sendable (CallRecord) -> CallEvent = { edited in
            let notice = CallEvent.Notice.edited(userID: userID, changesNotes: edited.notes != known.notes)
            return CallEvent(record: edited, notice: notice, offeredTo: [], traceParent: traceParent)
        }
        let edited = try await stored { () throws(StoreError) in
            try await store.edit(
                known.key, rows: rows, at: now, following: { calls.publications(of: event($0)) }, edit)
        }
        guard let edited else { throw .callNotFound }
        guard edited.version != known.version else { return edited }
        calls.announce(event(edited))
        return edited
    }

    /// The row that keeps a note as it was written.
    func noteRow(_ text: String, on record: CallRecord, by caller: Caller, _ source: CallNote.Source) -> CallRow {
        let author = caller.userID.flatMap { roster.current.users[$0]?.id }
        return .note(
            CallNote(callID: record.id, userID: author, text: text, source: source, createdAt: loop.wallTime))
    }
}
