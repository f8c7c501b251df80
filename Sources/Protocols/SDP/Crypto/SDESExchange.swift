import Wire

/// Our half of the keys in one offer/answer session.
///
/// A key of ours lives as long as the suite it is for stays agreed: the media goes on with the same packet numbers, and
/// a key that comes back after a pause would protect other packets under numbers it has used before.
struct SDESExchange: Hashable, Sendable {
    /// What the last completed exchange came to.
    enum Outcome: Hashable, Sendable {
        /// None was completed.
        case open
        case plain
        case secured(CryptoSuite)
    }

    private(set) var outcome = Outcome.open
    private var keys: [CryptoSuite: MediaKey] = [:]
    /// The suites of the offer that is out, and whether plain RTP may come of it.
    private var offered: [CryptoSuite] = []
    private var isRequired = false

    /// The lines of an offer; none for a plain one.
    ///
    /// On a line that allows nothing but SRTP (`isSecure`) an answer without keys is of no use.
    mutating func offer(
        _ policy: SDESPolicy, isSecure: Bool, from entropy: inout Entropy
    ) -> [CryptoAttribute] {
        forgetUnused()
        isRequired = policy == .required || isSecure
        switch outcome {
        case .secured(let suite): offered = [suite]
        case .plain where policy != .required: offered = []
        case .plain, .open: offered = policy == .off ? [] : CryptoSuite.allCases
        }
        return offered.enumerated().map { position, suite in
            CryptoAttribute(tag: UInt32(position + 1), suite: suite, key: key(for: suite, &entropy))
        }
    }

    /// What an answer to that offer agrees to; nil when it is not good enough.
    mutating func taken(_ answer: AudioStream) -> Agreement? {
        guard let line = answer.crypto.first(where: { offered.contains($0.suite) }), let own = keys[line.suite] else {
            guard !isRequired, !answer.requiresKeys else { return nil }
            outcome = .plain
            return Agreement(line: nil, keys: nil)
        }
        outcome = .secured(line.suite)
        return Agreement(line: nil, keys: SDESKeys(suite: line.suite, send: own, receive: line.key))
    }

    /// What we answer an offer with: its most preferred line that we understand; nil when it has none and needs one.
    mutating func answer(
        _ offer: AudioStream, _ policy: SDESPolicy, from entropy: inout Entropy
    ) -> Agreement? {
        guard let line = offer.crypto.first else {
            guard policy != .required, !offer.requiresKeys else { return nil }
            outcome = .plain
            return Agreement(line: nil, keys: nil)
        }
        forgetUnused()
        outcome = .secured(line.suite)
        let own = key(for: line.suite, &entropy)
        return Agreement(
            line: CryptoAttribute(tag: line.tag, suite: line.suite, key: own),
            keys: SDESKeys(suite: line.suite, send: own, receive: line.key))
    }

    /// The line our answer bears, and the keys of the stream; both nil for plain RTP.
    struct Agreement {
        let line: CryptoAttribute?
        let keys: SDESKeys?
    }

    private mutating func forgetUnused() {
        keys = keys.filter { suite, _ in outcome == .secured(suite) }
    }

    private mutating func key(for suite: CryptoSuite, _ entropy: inout Entropy) -> MediaKey {
        let key = keys[suite] ?? MediaKey(suite, from: &entropy)
        keys[suite] = key
        return key
    }
}
