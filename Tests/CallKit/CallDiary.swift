package import Wire

/// What one call was like for a phone, from its first to its last moment.
package struct CallDiary: Sendable {
    /// Of the phone's own dialog; nil when it was never known.
    package let callID: String?
    package let isIncoming: Bool
    /// Whom it called, or who called.
    package let partner: String
    package let beganAt: Instant
    /// When it picked up.
    package var acceptedAt: Instant?
    /// When it knew that the other side knew.
    package var talkingAt: Instant?
    /// When it hung up or refused by itself.
    package var gaveUpAt: Instant?
    package var refusedWith: Int?
    /// What it was told when its own call was refused.
    package var toldStatus: Int?
    package var endedAt: Instant?
    /// Nobody ended it: the other side fell silent, or the phone was switched off.
    package var isLost = false

    init(callID: String?, isIncoming: Bool, partner: String, beganAt: Instant) {
        (self.callID, self.isIncoming, self.partner, self.beganAt) = (callID, isIncoming, partner, beganAt)
    }
}
