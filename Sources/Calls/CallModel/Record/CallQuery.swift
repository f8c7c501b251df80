package import Directory
package import Wire

/// Which calls a list shows, newest first; a condition that is nil does not restrict.
package struct CallQuery: Sendable {
    /// Whose calls the asker may see.
    package enum Visibility: Hashable, Sendable {
        case all
        /// Calls assigned to or answered by the user; as an operator also those recorded under the user's name.
        case user(Int64, isOperator: Bool)
    }

    /// A state, in calls of any direction or of some: a view may name one state differently by direction.
    package struct StateCondition: Hashable, Sendable {
        package var state: CallState
        package var directions: Set<CallDirection>

        package init(_ state: CallState, _ directions: Set<CallDirection> = Set(CallDirection.allCases)) {
            (self.state, self.directions) = (state, directions)
        }
    }

    package var visibility: Visibility = .all
    /// Any of these; an empty list matches nothing.
    package var states: [StateCondition]?
    package var directions: Set<CallDirection>?
    /// True: live calls only; false: ended calls only.
    package var isLive: Bool?
    /// Leaves out calls that document 000 cannot name: never answered and not ended.
    package var hidesUnanswered = false
    package var startedFrom: WallTime?
    /// Inclusive.
    package var startedThrough: WallTime?
    package var operatorID: Int64?
    package var clientID: UUID?
    package var city: String?
    /// Calls made by or to this extension, and those filed under it.
    package var `extension`: String?
    /// Of those of `extension`, only calls that were made by it.
    package var isMadeByExtension = false
    /// Caller or receiver is this telephone.
    package var number: PhoneNumber?
    /// The customer's side is this telephone.
    package var clientNumber: PhoneNumber?
    /// The digits of the customer's number contain these.
    package var clientDigits: String?
    /// Number, customer name or notes contain this, whatever the case.
    package var search: String?
    package var limit: Int
    package var offset: Int
    /// Counting a whole list can cost more than the page; without it `total` is the number of items.
    package var countsTotal = true

    package init(limit: Int = 50, offset: Int = 0) { (self.limit, self.offset) = (limit, offset) }

    /// The query for page `page` (from 1) of `size` calls.
    package init(page: Int, size: Int) {
        let (offset, overflow) = (max(page, 1) - 1).multipliedReportingOverflow(by: size)
        self.init(limit: size, offset: overflow ? .max : offset)
    }
}
