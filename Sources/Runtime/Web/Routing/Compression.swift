import Wire

/// Compresses the bodies of answers for clients that take gzip (RFC 9110 §8.4).
///
/// What takes longer than the loop may be held up is done on a thread of its own.
package actor Compression {
    /// Shorter bodies are sent as they are.
    package static let threshold = 1024
    /// Longer ones leave the control loop: compressing this much takes a fraction of a millisecond.
    static let longestInPlace = 16_384

    private nonisolated let thread: any SerialExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let gzip = Gzip()

    /// `thread`: where long bodies are compressed.
    package init(thread: any SerialExecutor) { self.thread = thread }

    /// The middleware; `loop`'s side of it compresses short bodies, one request at a time.
    package nonisolated var middleware: Middleware {
        let inPlace = InPlace()
        return { request, _, next in
            var response = await next(request)
            // As the whole would have had it (RFC 9110 §15.4.5).
            if response.status == .notModified { response.fields.add("Vary", "Accept-Encoding") }
            guard Self.isWorthwhile(response) else { return response }
            response.fields.add("Vary", "Accept-Encoding")
            guard Self.acceptsGzip(request) else { return response }
            let isShort = response.body.count <= Self.longestInPlace
            let compressed = isShort ? inPlace.compress(response.body) : await self.compress(response.body)
            guard let compressed else { return response }
            response.body = compressed
            // The same content in other bytes (RFC 9110 §8.8.3.3).
            if let tag = response.fields["ETag"], !tag.hasPrefix("W/") { response.fields["ETag"] = "W/" + tag }
            return response.with("Content-Encoding", "gzip")
        }
    }

    private func compress(_ body: [UInt8]) -> [UInt8]? { gzip?.compress(body) }

    /// A piece of a whole (206), and what is compressed by its nature, stay as they are.
    private static func isWorthwhile(_ response: HTTPResponse) -> Bool {
        guard response.body.count > threshold, !response.status.forbidsBody, response.status != .partialContent,
            response.fields["Content-Encoding"] == nil, let type = response.fields["Content-Type"]
        else { return false }
        return type.hasPrefix("text/") || type.hasPrefix("application/json") || type.hasPrefix("image/svg")
    }

    /// Whether `Accept-Encoding` names gzip, or everything, with a weight above zero (RFC 9110 §12.5.3).
    static func acceptsGzip(_ request: HTTPRequest) -> Bool {
        var byName: Bool?
        var byStar = false
        for member in request.fields.list("Accept-Encoding") {
            let parts = member.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let coding = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if coding == "gzip" || coding == "x-gzip" { byName = weight > 0 }
            if coding == "*" { byStar = weight > 0 }
        }
        return byName ?? byStar
    }
}

/// The stream for short bodies: taken while it is in use, so that two threads can never share it.
private final class InPlace: Sendable {
    private let gzip = Locked(Gzip())

    func compress(_ body: [UInt8]) -> [UInt8]? { gzip.withLock { $0?.compress(body) } }
}
