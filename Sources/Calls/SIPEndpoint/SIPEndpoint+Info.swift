import SIP

/// Digits by INFO, for far ends that know neither telephone-events nor hear tones.
extension SIPEndpoint {
    /// Whether the far end of a leg said that it takes INFO.
    package func takesInfo(_ leg: SIPLegID) -> Bool {
        guard let session = legs.session(leg) else { return false }
        return agent.takesInfo(session)
    }

    /// Sends one digit as `application/dtmf-relay`.
    package func sendInfo(_ leg: SIPLegID, digit: Character) {
        guard let session = legs.session(leg), "0123456789*#ABCD".contains(digit) else { return }
        let type = MediaType(type: "application", subtype: "dtmf-relay")
        agent.sendInfo(session, type, Array("Signal=\(digit)\r\nDuration=160\r\n".utf8), now: now)
        settle()
    }
}
