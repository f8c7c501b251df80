package import Wire

/// How a call was handed on, as rows of `call_transfers`: an attempt is one row from its request to its end.
package struct TransferLog: Sendable {
    /// The latest attempt; a list, since most calls have none and should not carry the space for one.
    private var latest: [CallTransferRecord] = []

    package init() {}

    /// The name of the latest attempt, as clients are told of it.
    package var latestID: UUID? { latest.first?.id }

    /// The row that a notice about the call changes.
    ///
    /// Two calls that are joined, and a leg that takes another's place, are no request: they are written when they are
    /// done, with `party` as the one who came.
    package mutating func row(
        for notice: CallNotice, ofCall id: Int64, to party: @autoclosure () -> String, at now: WallTime,
        using entropy: inout Entropy
    ) -> CallRow? {
        switch notice {
        case .transferRequested(let from, let to, let target, let reason):
            latest = [
                CallTransferRecord(
                    id: UUID(using: &entropy), callID: id, fromUserID: from, toUserID: to, target: target,
                    kind: to == nil ? .blind : .user, reason: reason, status: .initiated, createdAt: now)
            ]
        case .transferred(let from, let to):
            if latest.first?.status != .initiated {
                latest = [
                    CallTransferRecord(
                        id: UUID(using: &entropy), callID: id, fromUserID: from, toUserID: to, target: party(),
                        kind: .attended, reason: nil, status: .initiated, createdAt: now)
                ]
            }
            latest[0].toUserID = to ?? latest[0].toUserID
            (latest[0].status, latest[0].completedAt) = (.completed, now)
        case .transferFailed, .ended:
            guard latest.first?.status == .initiated else { return nil }
            latest[0].status = .failed
        case .created, .offered, .ringing, .answered, .rejected, .held, .withdrawn: return nil
        }
        return latest.first.map(CallRow.transfer)
    }
}
