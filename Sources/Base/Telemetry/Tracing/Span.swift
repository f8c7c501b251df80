package import Wire

/// Something that took time, as part of a trace.
package struct Span: Sendable {
    /// Who does what for whom, in OTLP's numbers.
    package enum Kind: Int32, Sendable {
        case `internal` = 1
        /// A request is answered.
        case server = 2
        /// Something is asked of others.
        case client = 3
    }

    /// Something that happened meanwhile.
    package struct Event: Sendable {
        package let name: String
        package let at: Instant
        package let attributes: [LogField]
    }

    package let context: SpanContext
    package let parentID: SpanID?
    package let name: String
    package let kind: Kind
    /// By the monotonic clock; whoever exports it tells it in civil time.
    package var start: Instant
    package var end: Instant
    package var attributes: [LogField]
    package private(set) var events: [Event] = []
    package private(set) var droppedEvents: UInt32 = 0
    /// Why it failed; nil: it did not.
    package var failure: String? {
        didSet { failure = failure.map(Self.shortened) }
    }

    private static let maximumEvents = 32
    /// In bytes.
    private static let longestText = 256

    package init(
        _ context: SpanContext, parent: SpanID?, _ name: String, _ kind: Kind, at start: Instant,
        _ attributes: [LogField]
    ) {
        (self.context, parentID, self.name, self.kind) = (context, parent, name, kind)
        (self.start, end) = (start, start)
        self.attributes = attributes.map(Self.shortened)
    }

    package mutating func add(_ attribute: LogField) { attributes.append(Self.shortened(attribute)) }

    package mutating func note(_ event: String, at moment: Instant, _ attributes: [LogField] = []) {
        guard events.count < Self.maximumEvents else { return droppedEvents += 1 }
        events.append(Event(name: event, at: moment, attributes: attributes.map(Self.shortened)))
    }

    /// What others send us may be long, and a span is kept for a while.
    private static func shortened(_ field: LogField) -> LogField {
        guard case .text(let text) = field.value, text.utf8.count > longestText else { return field }
        return LogField(field.name, shortened(text))
    }

    /// As many whole scalars as fit: one character may have any number of them.
    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var (kept, bytes) = (String.UnicodeScalarView(), 0)
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= longestText else { break }
            kept.append(scalar)
        }
        return String(kept)
    }

    /// It failed by an error, of which only the cases are told: what engines, libraries and servers say of it may name
    /// hosts, users and values.
    package mutating func fail(_ error: any Error) { failure = Self.names(error) }

    private static func names(_ error: any Error) -> String {
        let mirror = Mirror(reflecting: error)
        guard mirror.displayStyle == .enum else { return "\(type(of: error))" }
        guard let payload = mirror.children.first else { return "\(error)" }
        let name = payload.label ?? "\(type(of: error))"
        guard let cause = payload.value as? any Error else { return name }
        return "\(name): \(names(cause))"
    }
}

/// Where spans go that have ended; never waits.
package protocol SpanSink: Sendable {
    func record(_ spans: [Span])
}
