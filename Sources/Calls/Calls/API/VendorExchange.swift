package import CallModel

/// An exchange of a vendor, for calls that it switches and we mirror.
///
/// Called on the loop; what comes of a command is told by the exchange's own events.
package protocol VendorExchange: AnyObject, Sendable {
    func hangUp(_ record: CallRecord)
    /// Puts the call on hold; whoever did takes it back at the telephone.
    func hold(_ record: CallRecord)
    /// `asksFirst`: our side talks to the number before it has the call.
    func transfer(_ record: CallRecord, to number: String, asksFirst: Bool)
    func end(_ consultation: ConsultationEnd, of record: CallRecord)
    /// Has the talk recorded from now on; it ends with the call.
    func startRecording(_ record: CallRecord)
    /// Calls the extension of the record, which may be that of a queue, and then its receiver.
    func call(_ record: CallRecord)
}
