package import CallModel

/// An exchange of a vendor, for calls that it switches and we mirror.
///
/// Called on the loop; what comes of a command is told by the exchange's own events.
package protocol VendorExchange: AnyObject, Sendable {
    func hangUp(_ record: CallRecord)
    /// Puts the call on hold; whoever did takes it back at the telephone.
    func hold(_ record: CallRecord)
    func transfer(_ record: CallRecord, to number: String)
    /// Calls the extension of the record, and then its receiver.
    func call(_ record: CallRecord)
}
