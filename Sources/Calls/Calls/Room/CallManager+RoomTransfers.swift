import CallModel
import Directory
import Reactor
import Wire

/// A reported call that one person hands to another (document 002): where it is heard nobody here knows, but whose it is.
extension CallManager {
    func transfer(
        _ room: Room, to target: TransferTarget, reason: String?, userID: Int64?
    ) throws(CallError) -> CallRecord {
        guard case .user(let id) = target, room.record.state.isUp, room.transfer == nil else { throw .invalidState }
        guard let user = services.roster.current.users[id], !devices(ofUser: id).isEmpty else { throw .userNotFound }
        room.noteHold(false, at: loop.wallTime)
        let uuid = room.record.uuid
        let timer = loop.schedule(after: Room.transferTime) { [weak self] in
            self?.assumeIsolated { $0.transferUnanswered(uuid) }
        }
        room.transfer = Room.Transfer(from: userID ?? room.record.answeredByUserID, to: id, timer: timer)
        room.record.state = .transferring
        let notice = CallNotice.transferRequested(
            fromUserID: room.transfer?.from, toUserID: id, target: user.extension ?? "user:\(id)", reason: reason)
        save(room, .life(notice))
        return room.record
    }

    /// The person it was handed to has it now.
    func completeTransfer(_ room: Room, _ transfer: Room.Transfer, by userID: Int64?) throws(CallError) -> CallRecord {
        guard userID == nil || userID == transfer.to else { throw .alreadyAnswered }
        close(transfer, of: room)
        room.record.transferCount += 1
        (room.record.assignedUserID, room.record.answeredByUserID) = (transfer.to, transfer.to)
        save(room, .life(.transferred(fromUserID: transfer.from, toUserID: transfer.to)))
        return room.record
    }

    /// Whoever handed it over keeps it.
    @discardableResult
    func failTransfer(_ room: Room, _ transfer: Room.Transfer) -> CallRecord {
        close(transfer, of: room)
        save(room, .life(.transferFailed(fromUserID: transfer.from)))
        return room.record
    }

    /// What becomes of a transfer by this notice, to be written.
    func transferRows(_ room: Room, _ notice: CallEvent.Notice) -> [CallRow] {
        guard case .life(let life) = notice else { return [] }
        let row = room.transfers.row(
            for: life, ofCall: room.record.id, to: room.record.extension ?? "", at: loop.wallTime, using: &entropy)
        return row.map { [$0] } ?? []
    }

    private func close(_ transfer: Room.Transfer, of room: Room) {
        loop.cancel(transfer.timer)
        room.transfer = nil
        room.record.state = .answered
    }

    private func transferUnanswered(_ uuid: UUID) {
        guard case .room(let room) = calls[uuid], let transfer = room.transfer else { return }
        failTransfer(room, transfer)
    }
}
