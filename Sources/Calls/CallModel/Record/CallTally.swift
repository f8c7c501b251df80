/// Sums over calls of one kind: the same state and direction, answered or not and, where people are told apart, the same
/// people.
package struct CallTally: Hashable, Sendable {
    package var state: CallState
    package var direction: CallDirection
    /// Somebody picked up, at least once.
    package var wasAnswered: Bool
    package var operatorID: Int64?
    package var assignedUserID: Int64?
    package var answeredByUserID: Int64?

    package var calls = 1
    /// From answer to end, of the calls that were answered and are over.
    package var talkSeconds = 0
    package var holdSeconds = 0
    package var transfers = 0

    package init(state: CallState, direction: CallDirection, wasAnswered: Bool) {
        (self.state, self.direction, self.wasAnswered) = (state, direction, wasAnswered)
    }

    /// The sums of one call.
    package init(_ record: CallRecord) {
        self.init(state: record.state, direction: record.direction, wasAnswered: record.answeredAt != nil)
        (operatorID, assignedUserID) = (record.operatorID, record.assignedUserID)
        answeredByUserID = record.answeredByUserID
        talkSeconds = wasAnswered ? record.duration ?? 0 : 0
        (holdSeconds, transfers) = (record.holdSeconds, record.transferCount)
    }
}
