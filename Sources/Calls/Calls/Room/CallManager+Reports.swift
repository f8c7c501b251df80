package import CallModel
package import Directory
import Reactor
package import Wire

/// A call of another exchange, as a client of document 002 reports it.
package struct ReportedCall: Sendable {
    package let callerNumber: String
    package let receiverNumber: String
    /// What the other exchange calls it; two live calls of one channel are one.
    package var channelID: String?
    package var `extension`: String?
    package var assignedUserID: Int64?
    package var callerCompany: Company?
    /// Who reports it.
    package var reporterID: Int64?

    package init(callerNumber: String, receiverNumber: String) {
        (self.callerNumber, self.receiverNumber) = (callerNumber, receiverNumber)
    }
}

/// Calls whose media never pass here: what their clients tell of them is all there is to know.
extension CallManager {
    /// Makes a reported call live; answers the one there is when its channel has one.
    ///
    /// `isOwn`: this reporter was the one who reported it, now or before, and so may know of it.
    package func report(
        _ call: ReportedCall
    ) throws(CallError) -> (record: CallRecord, isNew: Bool, isOwn: Bool) {
        if let channel = call.channelID, let uuid = reportedChannels[channel], case .room(let known) = calls[uuid] {
            return (known.record, false, known.reporterID == call.reporterID)
        }
        guard !isDraining else { throw .draining }
        guard rooms.count < Room.maximumRooms else { throw .capacityExceeded }
        var record = makeRecord(.incoming, source: .crm, from: call.callerNumber, to: call.receiverNumber)
        (record.channelID, record.extension) = (call.channelID, call.extension)
        record.assignedUserID = call.assignedUserID
        (record.callerCompanyID, record.callerCompany) = (call.callerCompany?.id, call.callerCompany)
        record.lineNumber = call.receiverNumber
        let room = Room(record: record)
        room.reporterID = call.reporterID
        add(.room(room))
        if let channel = call.channelID { reportedChannels[channel] = record.uuid }
        watch(room)
        save(room, .life(.created))
        return (room.record, true, true)
    }

    /// A record for a call that took place elsewhere and is over; it is in no store yet.
    package func recordElsewhere(
        _ direction: CallDirection, source: CallSource, from: String, to: String, at moment: WallTime
    ) -> CallRecord {
        var record = makeRecord(direction, source: source, from: from, to: to)
        record.startedAt = moment
        return record
    }

    // MARK: - What people do with them

    func accept(_ room: Room, userID: Int64?) throws(CallError) -> CallRecord {
        if let transfer = room.transfer { return try completeTransfer(room, transfer, by: userID) }
        guard !room.record.state.isUp else { throw .alreadyAnswered }
        // Whoever is called by another exchange answers at a telephone of that.
        guard !room.isMirror else { throw .invalidState }
        room.record.answeredByUserID = userID ?? room.record.assignedUserID
        return try move(room, to: .answered)
    }

    func decline(_ room: Room, userID: Int64?) throws(CallError) -> CallRecord {
        guard !room.isMirror else { return try hangUpMirror(room) }
        if let transfer = room.transfer, transfer.to == userID { return failTransfer(room, transfer) }
        guard !room.record.state.isUp else { throw .alreadyAnswered }
        let event = room.event(.life(.rejected(userID: userID)))
        let rows = services.publish(event)
        if !rows.isEmpty { services.store.write(CallChange(record: room.record, rows: rows)) }
        announce(event)
        return end(room, .rejected, .rejected)
    }

    func hold(_ room: Room, _ on: Bool, userID: Int64?) throws(CallError) -> CallRecord {
        guard room.record.state.isUp, room.transfer == nil else { throw .invalidState }
        guard on != room.record.isOnHold else { return room.record }
        room.noteHold(on, at: loop.wallTime)
        save(room, .life(.held(on, userID: userID)))
        return room.record
    }
}
