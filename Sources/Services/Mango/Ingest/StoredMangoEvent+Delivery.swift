import CallModel
import Wire

extension MangoDelivery {
    /// Longest payload that is stored as it is, in bytes.
    private static let longestPayload = 64 << 10

    var dedupeKey: String { event.dedupeKey ?? "h:\(digest)" }

    /// Of what is too long the beginning, as a JSON string: that is no event any more, and can still be read by people.
    var storedPayload: String {
        guard payload.utf8.count > Self.longestPayload else { return payload }
        // Escapes may make it twice as long.
        return JSONValue.string(String(decoding: payload.utf8.prefix(Self.longestPayload / 2), as: UTF8.self)).text
    }
}

extension StoredMangoEvent {
    init(_ delivery: MangoDelivery) {
        let event = delivery.event
        self.init(
            kind: event.kind, dialect: event.dialect.rawValue, dedupeKey: delivery.dedupeKey,
            payload: delivery.storedPayload, remoteIP: delivery.remoteIP, receivedAt: delivery.receivedAt)
        (entryID, callID, sequence) = (event.entryID, event.callID, event.sequence)
        isSignatureGood = delivery.isSignatureGood
    }
}

extension MangoDelivery {
    /// A delivery as it was kept; nil when it was too long to be kept whole.
    init?(_ stored: StoredMangoEvent) {
        guard let event = MangoEvent(stored) else { return nil }
        let digest = stored.dedupeKey.hasPrefix("h:") ? String(stored.dedupeKey.dropFirst(2)) : ""
        self.init(
            event: event, payload: stored.payload, digest: digest, remoteIP: stored.remoteIP,
            isSignatureGood: stored.isSignatureGood, receivedAt: stored.receivedAt)
    }
}

extension MangoPath {
    /// Where an event of this kind is posted.
    fileprivate init(kind: String) {
        self =
            switch kind {
            case "call": .call
            case "summary": .summary
            case "recording": .recording
            case "record_added": .recordAdded
            case "record_tagged": .recordTagged
            case "dtmf": .dtmf
            case "sms": .sms
            case "result": .result
            case "ping": .ping
            default: .base
            }
    }
}

extension MangoEvent {
    /// Whether it is the first of a call, as far as it says itself.
    var beginsCall: Bool {
        guard case .call(let event) = self else { return false }
        return event.state == .appeared && event.from.takenFrom == nil
    }

    /// Reads an event that was stored.
    init?(_ stored: StoredMangoEvent) {
        guard let object = (try? JSONValue(parsing: stored.payload))?.objectValue else { return nil }
        let path = stored.dialect == Dialect.json.rawValue ? .base : MangoPath(kind: stored.kind)
        guard let event = try? MangoEvent(object, at: path, received: stored.receivedAt) else { return nil }
        self = event
    }
}
