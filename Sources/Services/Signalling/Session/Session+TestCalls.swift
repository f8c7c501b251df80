import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// Calls that are made up, to try out pages without a telephone.
extension Session {
    /// `incoming-call {caller_number, receiver_number, channel_id?, assigned_user_id?}` from a client.
    ///
    /// It is as if another exchange had reported the call; in test mode from everybody, else from administrators.
    func makeUpCall(_ message: ClientMessage) throws(Failure) -> JSONValue {
        guard services.isTest || user?.role == .admin else { throw .forbidden }
        let roster = services.roster.current
        var call = ReportedCall(
            callerNumber: try number("caller_number", of: message),
            receiverNumber: try number("receiver_number", of: message))
        call.channelID = message.text("channel_id")
        call.assignedUserID = message.userID("assigned_user_id") ?? roster.owner(of: call.receiverNumber)
        if let id = call.assignedUserID, roster.users[id] == nil { throw .userNotFound }
        call.extension = call.assignedUserID.flatMap { roster.extension(ofUser: $0) }
        call.reporterID = user?.id
        let wanted = call
        let (record, _, _) = try services.calls.attempt { manager throws(CallError) in try manager.report(wanted) }
        return ["callId": .integer(record.id), "uuid": .string(record.uuid.description)]
    }

    private func number(_ field: String, of message: ClientMessage) throws(Failure) -> String {
        guard let number = message.text(field) else { throw .invalid(field, "required") }
        guard PhoneNumber.isAcceptable(number) else { throw .invalidPhone(field) }
        return number
    }
}
