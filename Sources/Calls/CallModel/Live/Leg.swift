/// One leg of a call: the side, who it leads to and how far it has come.
package struct Leg: Sendable, Equatable, Identifiable {
    package let id: LegID
    package var side: Side
    package var party: Party
    package var state: LegState

    package init(id: LegID, side: Side, party: Party, state: LegState) {
        (self.id, self.side, self.party, self.state) = (id, side, party, state)
    }

    package enum Side: String, Sendable {
        case caller
        case callee
        /// The one a transfer is meant to reach; becomes the transferor's side when it answers.
        case target
    }
}

/// Numbers the legs of one call, in the order they were made.
package struct LegID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static func < (left: LegID, right: LegID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "leg-\(rawValue)" }
}

extension [Leg] {
    /// The leg of that number; asked of the list, for a whole call is large to look into.
    package subscript(id: LegID) -> Leg? { first { $0.id == id } }
}

/// Who a leg leads to.
///
/// How they are reached (a contact, a socket) is the `Call` actor's business. Indirect, because legs are looked through,
/// and so copied, at every step of a call.
package indirect enum Party: Sendable, Equatable {
    /// A phone registered here, by its account's extension and its contact address, for an account may have several.
    case phone(extension: String, contact: String, userID: Int64?)
    /// A number behind a trunk; nil for the number: what the call's caller dialled; for the trunk: whichever fits.
    case outside(trunk: String?, number: String?)
    /// The pages of a logged-in user, whichever of them takes the call.
    case user(Int64)
    /// A browser without an account, which joined the call by its id.
    case visitor
    case builtIn(BuiltInNumber)
    /// A conference of ours, by its name.
    case conference(String)

    /// What was dialled, behind whichever trunk fits.
    package static let trunk = Party.outside(trunk: nil, number: nil)

    package var userID: Int64? {
        switch self {
        case .phone(_, _, let userID): userID
        case .user(let id): id
        case .outside, .visitor, .builtIn, .conference: nil
        }
    }

    /// True for a party that speaks through the WebRTC side and therefore brings its own offer.
    package var isBrowser: Bool {
        switch self {
        case .user, .visitor: true
        case .phone, .outside, .builtIn, .conference: false
        }
    }
}

/// The test numbers that are always there, by name and by digits.
package enum BuiltInNumber: String, Sendable, CaseIterable {
    case echo
    case milliwatt
    case delay
    case music

    package var digits: String {
        switch self {
        case .echo: "9196"
        case .milliwatt: "9197"
        case .delay: "9195"
        case .music: "9664"
        }
    }

    package init?(dialled number: String) {
        guard let match = Self.allCases.first(where: { $0.rawValue == number || $0.digits == number }) else {
            return nil
        }
        self = match
    }
}

/// How far a leg has come.
package enum LegState: String, Sendable {
    /// A browser that may join but has not sent its offer yet.
    case awaited
    /// A request is out; nothing has come back.
    case calling
    case ringing
    /// The user took the call in a page; the page's offer is on its way.
    case accepted
    /// Its offer (or its answer) is here: media can be connected at once.
    case ready
    /// Connected, or about to be, with the other side.
    case up
    case over

    package var isOpen: Bool { self != .over }
    package var isEstablished: Bool { self == .ready || self == .up }
}
