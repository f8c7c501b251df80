package import Directory

/// The port to where events of the exchange wait on this machine while the store is away; what waits outlives the program.
///
/// An embedded store has no such place: a disk that refuses the one would refuse the other.
package protocol MangoBacklog: Sendable {
    /// Keeps an event behind those that wait; known is one of which a copy waits.
    func postpone(_ event: StoredMangoEvent) async throws(StoreError) -> KeptMangoEvent
    /// The event that has waited longest, with the number of its place.
    func nextPostponed() async throws(StoreError) -> (number: Int64, event: StoredMangoEvent)?
    func postponedCount() async throws(StoreError) -> Int
    /// The store has taken it.
    func forgetPostponed(_ number: Int64) async throws(StoreError)
    /// The store does not take it for what it is: it is passed over and stays.
    func parkPostponed(_ number: Int64) async throws(StoreError)
    /// Those that were passed over wait again: another program or schema may take them.
    func retryParked() async throws(StoreError)
}
