package import CallModel
package import Calls
import Wire

/// The sessions of document 004 that are open here, so that each ends with its call, in the write that ends the call.
///
/// What a program that died left open is closed by the store, at the next start or by another gateway.
package final class OpenSessions: Sendable {
    private let sessions = Locked<[Int64: [CallSession]]>([:])

    package init() {}

    func add(_ session: CallSession) {
        sessions.withLock { $0[session.callID, default: []].append(session) }
    }

    /// The rows that close what is open of a call, when the event is its end.
    ///
    /// From any thread.
    package func rows(for event: CallEvent) -> [CallRow] {
        guard case .life(.ended) = event.notice else { return [] }
        let call = event.snapshot
        return close(ofCall: call.record.id, at: call.record.endedAt ?? call.record.updatedAt)
    }

    func close(ofCall id: Int64, at moment: WallTime) -> [CallRow] {
        let left = sessions.withLock { $0.isEmpty ? nil : $0.removeValue(forKey: id) }
        return (left ?? []).map { session in
            var session = session
            session.endedAt = max(moment, session.startTime)
            return .session(session)
        }
    }
}
