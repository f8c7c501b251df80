package import Telemetry

/// The parts of the program that write into the log under a name of their own, by which `errors_total` counts, too.
package enum LoggingPart: String, CaseIterable, Sendable {
    case calls, cluster, directory, http, mango, queues, realtime, signalling, sip, store, tandem, traces, web, webhooks
}

extension Logger {
    package init(_ part: LoggingPart, sink: any LogSink) { self.init(label: part.rawValue, sink: sink) }

    package func labelled(_ part: LoggingPart) -> Logger { labelled(part.rawValue) }
}
