import COTLP
package import Telemetry
import Wire

/// Writes spans as an `ExportTraceServiceRequest` of OTLP.
package struct SpanEncoder: Sendable {
    /// Who they come from: `service.name` and the like.
    private let resource: [LogField]
    private let version: String

    package init(resource: [LogField], version: String) { (self.resource, self.version) = (resource, version) }

    /// The request; `epoch` is the civil time, in nanoseconds since 1970, at which the monotonic clock was zero.
    package func encode(_ spans: [Span], epoch: Int64) -> [UInt8] {
        let message = TraceMessage(epoch: epoch)
        return message.packed(spans, resource: resource, version: version)
    }

    /// How many spans the collector says it did not take; 0 when its answer does not say so.
    static func rejected(in answer: [UInt8]) -> Int {
        guard let response = otlp__response__unpack(nil, answer.count, answer) else { return 0 }
        defer { otlp__response__free_unpacked(response, nil) }
        return Int(clamping: max(response.pointee.partial_success?.pointee.rejected_spans ?? 0, 0))
    }
}

/// One request while it is put together.
private struct TraceMessage {
    let epoch: Int64
    private let memory = MessageMemory()

    init(epoch: Int64) { self.epoch = epoch }

    func packed(_ spans: [Span], resource: [LogField], version: String) -> [UInt8] {
        var scope = Otlp__Scope()
        otlp__scope__init(&scope)
        (scope.name, scope.version) = (memory.keep(text: "tandem"), memory.keep(text: version))
        var scopeSpans = Otlp__ScopeSpans()
        otlp__scope_spans__init(&scopeSpans)
        scopeSpans.scope = memory.keep(scope)
        (scopeSpans.n_spans, scopeSpans.spans) = (spans.count, memory.keep(list: spans.map(message)))
        var origin = Otlp__Resource()
        otlp__resource__init(&origin)
        (origin.n_attributes, origin.attributes) = attributes(resource)
        var resourceSpans = Otlp__ResourceSpans()
        otlp__resource_spans__init(&resourceSpans)
        resourceSpans.resource = memory.keep(origin)
        (resourceSpans.n_scope_spans, resourceSpans.scope_spans) = (1, memory.keep(list: [scopeSpans]))
        var request = Otlp__Request()
        otlp__request__init(&request)
        if !spans.isEmpty {
            (request.n_resource_spans, request.resource_spans) = (1, memory.keep(list: [resourceSpans]))
        }
        let size = otlp__request__get_packed_size(&request)
        // The empty array is one for all threads, and this would write its length into it.
        guard size > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = otlp__request__pack(&request, buffer.baseAddress)
        }
    }

    private func message(_ span: Span) -> Otlp__Span {
        var message = Otlp__Span()
        otlp__span__init(&message)
        message.trace_id = memory.keep(bytes: span.context.traceID.bytes)
        message.span_id = memory.keep(bytes: span.context.spanID.bytes)
        if let parent = span.parentID { message.parent_span_id = memory.keep(bytes: parent.bytes) }
        (message.name, message.kind) = (memory.keep(text: span.name), span.kind.rawValue)
        message.start_time_unix_nano = civil(span.start)
        message.end_time_unix_nano = civil(max(span.start, span.end))
        (message.n_attributes, message.attributes) = attributes(span.attributes)
        (message.n_events, message.events) = (span.events.count, memory.keep(list: span.events.map(event)))
        message.dropped_events_count = span.droppedEvents
        message.flags = span.context.isSampled ? 1 : 0
        if let failure = span.failure {
            var status = Otlp__Status()
            otlp__status__init(&status)
            (status.message, status.code) = (memory.keep(text: failure), Self.error)
            message.status = memory.keep(status)
        }
        return message
    }

    private func event(_ event: Span.Event) -> Otlp__Event {
        var message = Otlp__Event()
        otlp__event__init(&message)
        (message.name, message.time_unix_nano) = (memory.keep(text: event.name), civil(event.at))
        (message.n_attributes, message.attributes) = attributes(event.attributes)
        return message
    }

    private func attributes(
        _ fields: [LogField]
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Otlp__Attribute>?>) {
        let messages = fields.map { field in
            var value = Otlp__Value()
            otlp__value__init(&value)
            switch field.value {
            case .text(let text): (value.value_case, value.text) = (OTLP__VALUE__VALUE_TEXT, memory.keep(text: text))
            case .id(let id):
                (value.value_case, value.text) = (OTLP__VALUE__VALUE_TEXT, memory.keep(text: id.description))
            case .integer(let number): (value.value_case, value.integer) = (OTLP__VALUE__VALUE_INTEGER, number)
            case .number(let number): (value.value_case, value.number) = (OTLP__VALUE__VALUE_NUMBER, number)
            case .flag(let flag): (value.value_case, value.flag) = (OTLP__VALUE__VALUE_FLAG, flag ? 1 : 0)
            }
            var attribute = Otlp__Attribute()
            otlp__attribute__init(&attribute)
            (attribute.key, attribute.value) = (memory.keep(text: field.name), memory.keep(value))
            return attribute
        }
        return (messages.count, memory.keep(list: messages))
    }

    private func civil(_ moment: Instant) -> UInt64 {
        UInt64(clamping: epoch.addingReportingOverflow(Int64(clamping: moment.nanoseconds)).partialValue)
    }

    /// `STATUS_CODE_ERROR`.
    private static let error: Int32 = 2
}
