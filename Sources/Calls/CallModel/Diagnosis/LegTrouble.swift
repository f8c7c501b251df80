/// What was wrong with the signalling of a leg.
package struct LegTrouble: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Its far end answered our INVITE with a failure, in its own words.
        case refused(status: Int, words: String)
        /// Nothing came back to our INVITE for as long as it was out.
        case silent(for: Duration)
        case noWay(Obstacle)
        /// No device of the number could be rung; a wrong password was tried for its account so long ago, if lately.
        case nobodyThere(wrongPassword: Duration?)
        /// What it answered to our offer cannot be used.
        case badAnswer
        /// Our 200 was not acknowledged for as long as the call has gone on.
        case unacknowledged(for: Duration)
        /// It does not answer inside the call, or knows nothing of it any more.
        case peerGone
        /// Nobody refreshed the session in time (RFC 4028).
        case expired
    }

    /// Why there was no way to it.
    package enum Obstacle: Hashable, Sendable {
        case noTrunk
        case noChannel
        case unknownName
        case noNumber
        /// TLS, in words.
        case secureConnection(String)
        case connection(String?)
        /// The limits of whoever pays for it.
        case limits
    }

    /// Nil: no leg was made at all.
    package let leg: Int?
    package let party: String
    package let isTrunk: Bool
    package let kind: Kind
    /// The codecs we offered it.
    package let offered: [String]

    package init(leg: Int?, party: String, isTrunk: Bool = false, _ kind: Kind, offered: [String] = []) {
        (self.leg, self.party, self.isTrunk) = (leg, party, isTrunk)
        (self.kind, self.offered) = (kind, offered)
    }

    /// What a peer wrote, without what would command a terminal or turn the text around.
    package static func words(_ text: String) -> String {
        var words = ""
        for scalar in text.unicodeScalars.prefix(80) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: break
            default: words.unicodeScalars.append(scalar)
            }
        }
        return words
    }
}
