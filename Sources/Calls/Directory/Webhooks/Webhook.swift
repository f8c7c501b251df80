/// A server of others that is told by HTTP what happens to calls.
package struct Webhook: Hashable, Sendable, Identifiable {
    package var id: Int64
    /// Unique.
    package var name: String
    /// `http` or `https`.
    package var url = ""
    /// What it is told of; empty: everything.
    package var events: Set<HookEvent> = []
    /// Signs what it is sent.
    package var secret = ""
    /// Is told what happens from now on; what waits is kept while it is not.
    package var isActive = true

    package init(id: Int64 = 0, name: String) { (self.id, self.name) = (id, name) }

    /// All of them, so that nobody fills the disk by subscribing.
    package static let maximumCount = 100

    /// Under which the outbox keeps what it is to be told, in order.
    package static func orderingKey(ofWebhook id: Int64) -> String { "webhook:\(id)" }

    package func wants(_ event: HookEvent) -> Bool { events.isEmpty || events.contains(event) }
}

/// What a webhook can be told of.
package enum HookEvent: String, Sendable, CaseIterable {
    case created = "call.created"
    case offered = "call.offered"
    case withdrawn = "call.withdrawn"
    case ringing = "call.ringing"
    case answered = "call.answered"
    case rejected = "call.rejected"
    case held = "call.held"
    case resumed = "call.resumed"
    case transferRequested = "call.transfer-requested"
    case transferred = "call.transferred"
    case transferFailed = "call.transfer-failed"
    case ended = "call.ended"
    /// What people wrote about it has changed.
    case edited = "call.edited"
    /// A call that took place elsewhere was written down.
    case filed = "call.filed"
    /// The record of a call that is over was corrected.
    case corrected = "call.corrected"
    case recordingChanged = "call.recording-changed"
    /// The file of a recording is whole.
    case recorded = "call.recorded"
    case played = "call.played"
    case streamChanged = "call.stream-changed"
    /// Asked for by an administrator, of no call.
    case test
}
