package import CallModel
import Directory
import Reactor
import Wire

/// What people ask of calls that a vendor's exchange switches: it is asked in turn, and the record follows its events.
extension CallManager {
    func hangUpMirror(_ room: Room) throws(CallError) -> CallRecord {
        try vendor().hangUp(room.record)
        return room.record
    }

    /// The exchange has no command that takes a call back.
    func holdMirror(_ room: Room, _ on: Bool) throws(CallError) -> CallRecord {
        if room.record.isOnHold == on { return room.record }
        guard on, room.record.state == .answered else { throw .invalidState }
        try vendor().hold(room.record)
        return room.record
    }

    func transferMirror(_ room: Room, to target: TransferTarget) throws(CallError) -> CallRecord {
        let number: String
        var asksFirst = false
        switch target {
        case .call: throw .invalidState
        case .number(let wanted), .consultation(let wanted):
            number = dialledUser(wanted)
            let payer = room.record.answeredByUserID ?? room.record.assignedUserID
            if routeToHouse(number) == nil { try checkToll(to: number, paidBy: payer) }
            if case .consultation = target { asksFirst = true }
        case .user(let id):
            guard let user = services.roster.current.users[id] else { throw .userNotFound }
            guard let own = user.extension else { throw .extensionNotFound }
            number = own
        }
        guard !asksFirst || room.record.state == .answered else { throw .invalidState }
        try vendor().transfer(room.record, to: number, asksFirst: asksFirst)
        return room.record
    }

    /// Ends what a transfer to a `.consultation` began.
    package func end(_ consultation: ConsultationEnd, of key: CallKey) throws(CallError) -> CallRecord {
        guard let entry = entry(key) else { throw .callNotFound }
        guard case .room(let room) = entry, room.isMirror, room.record.state.isUp else { throw .invalidState }
        try vendor().end(consultation, of: room.record)
        return room.record
    }

    /// The exchange has no command that ends a recording.
    func recordMirror(_ room: Room, _ command: RecordingCommand) throws(CallError) -> CallRecord {
        guard command == .start, room.record.state.isUp else { throw .invalidState }
        try vendor().startRecording(room.record)
        return room.record
    }

    private func vendor() throws(CallError) -> any VendorExchange {
        guard let vendor = services.vendor else { throw .invalidState }
        return vendor
    }

    /// Has the vendor's exchange make a call that could not leave otherwise; nil when there is none, or nobody to be
    /// called first.
    func callByVendor(_ request: CallRequest) throws(CallError) -> CallRecord? {
        guard let vendor = services.vendor, !services.roster.current.hasTrunk, request.direction != .incoming,
            routeToHouse(dialledUser(request.target)) == nil, PhoneNumber.isE164(request.target),
            let from = vendorExtension(of: request.caller)
        else { return nil }
        let number = dialledUser(request.target)
        let userID = services.roster.current.user(extension: from)?.id
        try checkToll(to: number, paidBy: userID)
        let record = try mirror(.outgoing, rows: { _ in [] }) { record in
            (record.callerNumber, record.receiverNumber, record.extension) = (from, number, from)
            (record.operatorID, record.assignedUserID) = (userID, userID)
            (record.clientID, record.channelID) = (request.clientID, request.channelID)
            record.isCallback = true
        }
        beginToll(ofVendorsCall: record.uuid, to: number, paidBy: userID)
        vendor.call(record)
        return record
    }

    private func vendorExtension(of caller: CallRequest.Caller) -> String? {
        let roster = services.roster.current
        switch caller {
        case .devices(let number):
            // A queue stands for the group of the exchange that has its number.
            return roster.user(extension: number) == nil && roster.queue(extension: number) == nil ? nil : number
        case .page(let userID): return userID.flatMap(roster.extension(ofUser:))
        }
    }
}
