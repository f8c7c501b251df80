package import Wire

/// The lite side of one ICE component (RFC 8445 section 2.5): always controlled, answers checks, never sends any.
///
/// Nothing happens before USERNAME and MESSAGE-INTEGRITY of a Binding request are right; everything else is met with
/// silence, so that the port tells strangers nothing and amplifies nothing. The remote path is whatever the peer
/// nominated last. Consent (RFC 7675) is the peer's checks: 30 s without one on the selected pair end the path.
package struct ICELiteAgent: Sendable {
    /// Time for a first nomination once the peer's credentials are known.
    package static let connectTimeout: Duration = .seconds(30)
    /// Silence that ends a selected path (RFC 7675 section 5.1).
    package static let consentTimeout: Duration = .seconds(30)
    /// Paths kept as validated; the one that has been silent longest makes room.
    package static let maximumValidated = 8

    /// One side's credentials with the other's, as long as they belong together.
    private struct Generation: Sendable {
        let local: ICECredentials
        var remote: ICECredentials?
    }

    private var current: Generation
    /// The generation in use until a restarted one has its own nomination.
    private var previous: Generation?
    private var isNominated = false
    /// Paths whose checks were right, the one heard last at the end.
    package private(set) var validated: [RemotePath] = []
    /// The remote side of the selected pair.
    package private(set) var selected: RemotePath?
    /// When `expire` wants to be called.
    package private(set) var nextDeadline: Instant = .never

    package init(local credentials: ICECredentials) { current = Generation(local: credentials, remote: nil) }

    /// What the session description carries as ours.
    package var local: ICECredentials { current.local }
    package var remote: ICECredentials? { current.remote }

    /// The ufrags by which requests for this agent are known; two while a restart is under way.
    package var localUfrags: [String] { [previous?.local.ufrag, current.local.ufrag].compactMap(\.self) }

    /// Whether a check from `source` has been authenticated: the only addresses that may speak DTLS with us.
    package func isValidated(_ source: RemotePath) -> Bool { validated.contains(source) }

    /// Takes the peer's credentials from its session description.
    package mutating func setRemote(_ credentials: ICECredentials, now: Instant) {
        current.remote = credentials
        if selected == nil, nextDeadline == .never { nextDeadline = now + Self.connectTimeout }
    }

    /// Restarts ICE (RFC 8445 section 9): fresh local credentials, while the selected path goes on until a nomination.
    ///
    /// Returns a ufrag that is no longer valid, when a restart overtakes one that never got a nomination.
    package mutating func restart(with credentials: ICECredentials) -> String? {
        let overtaken = isNominated ? nil : current.local.ufrag
        if isNominated { previous = current }
        current = Generation(local: credentials, remote: nil)
        isNominated = false
        return overtaken
    }

    /// Handles one STUN datagram.
    package mutating func receive(_ datagram: RawSpan, from source: RemotePath, now: Instant) -> ICEReaction {
        guard let message = try? STUNMessage(datagram), message.messageClass == .request,
            message.method == STUN.bindingMethod, message.fingerprint != .invalid,
            let (generation, isCurrent) = authenticatedGeneration(message)
        else { return .silence }
        var reaction = answer(to: message, from: source, key: generation.local.key)
        let isKnown = validated.contains(source)
        if let response = reaction.response, response.count > datagram.byteCount, !isKnown { return .silence }
        guard message.unknownRequired.isEmpty, message.iceControlled == nil else { return reaction }
        reaction.validated = source
        reaction.evicted = noteValidated(source)
        if message.useCandidate, isCurrent { nominate(source, &reaction) }
        if source == selected { nextDeadline = now + Self.consentTimeout }
        return reaction
    }

    /// Forgets a connection that is closed; was it selected, the peer has until consent ends to nominate another path.
    package mutating func lose(_ path: RemotePath) { validated.removeAll { $0 == path } }

    /// Ends the path when its time is over; call at `nextDeadline`.
    package mutating func expire(now: Instant) -> ICEExpiry? {
        guard nextDeadline <= now else { return nil }
        nextDeadline = .never
        return selected == nil ? .neverConnected : .consentLost
    }

    private func authenticatedGeneration(_ message: borrowing STUNMessage) -> (Generation, isCurrent: Bool)? {
        for (generation, isCurrent) in [(current, true), (previous, false)] {
            guard let generation,
                message.isAddressed(toUfrag: generation.local.ufragBytes, fromUfrag: generation.remote?.ufragBytes)
            else { continue }
            return message.integrity(key: generation.local.key) == .valid ? (generation, isCurrent) : nil
        }
        return nil
    }

    private func answer(
        to message: borrowing STUNMessage, from source: RemotePath, key: [UInt8]
    ) -> ICEReaction {
        let succeeds = message.unknownRequired.isEmpty && message.iceControlled == nil
        var response = STUNWriter(succeeds ? .success : .error, transactionID: message.transactionID)
        if !message.unknownRequired.isEmpty {
            response.errorCode(420)
            response.unknownAttributes(message.unknownRequired)
        } else if message.iceControlled != nil {
            // Against a lite agent the peer must control, whatever the tie-breakers say (RFC 8445 section 6.1.1).
            response.errorCode(487)
        } else {
            response.xorMappedAddress(source.address)
        }
        return ICEReaction(response: response.finish(integrityKey: key))
    }

    /// Moves `source` to the end of the list and returns the path that fell out.
    private mutating func noteValidated(_ source: RemotePath) -> RemotePath? {
        if validated.last == source { return nil }
        validated.removeAll { $0 == source }
        validated.append(source)
        guard validated.count > Self.maximumValidated,
            let oldest = validated.firstIndex(where: { $0 != selected })
        else { return nil }
        return validated.remove(at: oldest)
    }

    private mutating func nominate(_ source: RemotePath, _ reaction: inout ICEReaction) {
        isNominated = true
        reaction.retiredUfrag = previous?.local.ufrag
        previous = nil
        guard selected != source else { return }
        selected = source
        reaction.selected = source
    }
}

/// What one datagram led to.
package struct ICEReaction: Sendable {
    /// Goes back to where the datagram came from.
    package var response: [UInt8]?
    /// The source, when this was an authenticated check that succeeds.
    package var validated: RemotePath?
    /// A path that is no longer counted as validated.
    package var evicted: RemotePath?
    /// Where to send to from now on.
    package var selected: RemotePath?
    /// A local ufrag that no request may use any more.
    package var retiredUfrag: String?

    static let silence = ICEReaction()
}

/// How a path ends by the clock.
package enum ICEExpiry: Sendable {
    /// The peer's credentials were known, and no nomination came.
    case neverConnected
    /// The peer stopped checking the selected pair.
    case consentLost
}
