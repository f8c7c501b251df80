import CallModel
import Telemetry
import Wire

/// The trace of one call: its parts are kept while it lives and recorded together when all is known.
final class CallTrace {
    /// What can be under way in a call, each of them once at a time.
    enum Part: Hashable {
        /// The INVITE of a leg, ours or its own, until its final answer.
        case invite(LegID)
        case ringing
        case answer
        /// A page's offer, until it has our answer.
        case offer(LegID)
        case bridge
        case hold
        case transfer
        case teardown

        var name: String {
            switch self {
            case .invite: "sip INVITE"
            case .ringing: "call.ringing"
            case .answer: "call.answer"
            case .offer: "webrtc.offer"
            case .bridge: "media.bridge"
            case .hold: "call.hold"
            case .transfer: "call.transfer"
            case .teardown: "call.teardown"
            }
        }
    }

    private let tracer: Tracer
    private var root: Span
    private var open: [Part: Span] = [:]
    private var over: [Span] = []
    private var dropped = 0

    /// Parts of one call; what comes after them is only counted.
    private static let most = 128

    /// Nil: the call is not recorded.
    init?(_ tracer: Tracer, _ record: CallRecord, parent: String?, at now: Instant) {
        let root = tracer.begin(
            "call", .internal, parent: parent, at: now,
            [
                LogField("call.id", record.uuid), LogField("call.number", record.id),
                LogField("call.direction", record.direction.rawValue),
                LogField("call.from", Private.number(record.callerNumber)),
                LogField("call.to", Private.number(record.receiverNumber)),
            ])
        guard let root else { return nil }
        (self.tracer, self.root) = (tracer, root)
    }

    /// For whoever is told of the call.
    var traceParent: String { root.context.traceParent }

    /// A part begins, unless it has already.
    func begin(_ part: Part, _ kind: Span.Kind = .internal, at now: Instant, _ attributes: [LogField] = []) {
        guard open[part] == nil else { return }
        guard open.count + over.count < Self.most else { return dropped += 1 }
        open[part] = tracer.child(of: root.context, part.name, kind, at: now, attributes)
    }

    /// A part that is under way ends; `failure` says why it came to nothing.
    func end(_ part: Part, at now: Instant, failure: String? = nil, _ attributes: [LogField] = []) {
        guard var span = open.removeValue(forKey: part) else { return }
        for attribute in attributes { span.add(attribute) }
        (span.end, span.failure) = (now, failure)
        over.append(span)
    }

    func note(_ event: String, in part: Part, at now: Instant) { open[part]?.note(event, at: now) }

    func note(_ event: String, at now: Instant) { root.note(event, at: now) }

    /// When a part of this name and leg ended that is over.
    func endOf(_ part: Part, leg: String) -> Instant? {
        over.last { $0.name == part.name && $0.attributes.contains { $0.isLeg(leg) } }?.end
    }

    /// A part that is learned of when it is over.
    func add(_ name: String, from start: Instant, to end: Instant, failure: String? = nil, _ attributes: [LogField]) {
        guard open.count + over.count < Self.most else { return dropped += 1 }
        var span = tracer.child(of: root.context, name, at: min(start, end), attributes)
        (span.end, span.failure) = (end, failure)
        over.append(span)
    }

    /// Ends what is under way and records the whole.
    func finish(_ record: CallRecord, at now: Instant) {
        for part in Array(open.keys) { end(part, at: now) }
        root.add(LogField("call.state", record.state.rawValue))
        if let callID = record.sipCallID { root.add(LogField("sip.call_id", callID)) }
        if let reason = record.endReason { root.add(LogField("call.end_reason", reason.rawValue)) }
        if dropped > 0 { root.add(LogField("call.dropped_spans", dropped)) }
        if record.state == .failed { root.failure = record.endReason?.rawValue ?? "failed" }
        root.end = now
        tracer.record([root] + over)
        over = []
    }
}

extension LogField {
    fileprivate func isLeg(_ id: String) -> Bool {
        guard name == "leg.id", case .text(let text) = value else { return false }
        return text == id
    }
}
