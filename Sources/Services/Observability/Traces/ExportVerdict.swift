package import Web
import Wire

/// What became of a batch of spans.
package enum ExportVerdict: Sendable, Equatable {
    /// The collector has it, but for so many spans that it did not want.
    case taken(rejected: Int)
    /// It may take it later; not before `after`, if it said so.
    case busy(String, after: Duration?)
    /// It will never take it.
    case refused(String)

    /// A longer pause is not kept, whoever asks for it.
    private static let longestPause = Duration.seconds(120)

    /// What an answer to OTLP over HTTP says.
    package init(http response: HTTPClientResponse) {
        switch response.status {
        case 200..<300: self = .taken(rejected: SpanEncoder.rejected(in: response.body))
        case 429, 502, 503, 504:
            self = .busy("HTTP \(response.status)", after: Self.pause(response.fields["Retry-After"]))
        default: self = .refused("HTTP \(response.status)")
        }
    }

    /// What an answer to OTLP over gRPC says: the status comes after the message, or instead of it.
    package init(grpc response: HTTPClientResponse) {
        guard let status = response.fields["grpc-status"].flatMap(Int.init) else {
            self = response.status == 200 ? .refused("no grpc-status") : Self(http: response).asRefusal
            return
        }
        switch status {
        case 0: self = .taken(rejected: SpanEncoder.rejected(in: Array(response.body.dropFirst(5))))
        // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS
        case 1, 4, 10, 11, 14, 15:
            self = .busy("gRPC status \(status)", after: Self.pause(response.fields["Retry-After"]))
        default: self = .refused("gRPC status \(status)")
        }
    }

    package init(_ error: HTTPClientError) {
        switch error {
        case .unreachable: self = .busy("not reachable", after: nil)
        case .hostNotFound: self = .busy("the host is not found", after: nil)
        case .timedOut: self = .busy("no answer in time", after: nil)
        case .overloaded, .tooLong, .status, .badRedirection: self = .refused("\(error)")
        case .tls(let words): self = .busy("TLS: \(words)", after: nil)
        case .failed(let words): self = .busy(words, after: nil)
        case .hostRefused, .addressRefused, .stopped: self = .refused("\(error)")
        }
    }

    private var asRefusal: ExportVerdict {
        if case .taken = self { .refused("no grpc-status") } else { self }
    }

    /// Seconds; a date is not read, for it is as good as nothing said.
    private static func pause(_ field: String?) -> Duration? {
        field.flatMap(Int.init).map { min(.seconds(max($0, 0)), longestPause) }
    }
}
