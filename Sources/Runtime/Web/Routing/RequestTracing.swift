package import Telemetry
import Wire

extension StandardMiddleware {
    /// Records a span of each request, but for paths beginning with one of `exempt`; what is done for it belongs to it.
    package static func trace(_ tracer: Tracer, exempt: [String]) -> Middleware {
        { request, template, next in
            if exempt.contains(where: { request.path.hasPrefix($0) }) { return await next(request) }
            let span = tracer.begin(
                "\(request.method.rawValue) \(template)", .server, parent: TraceContext.parent, at: tracer.now,
                [LogField("http.request.method", request.method.rawValue), LogField("http.route", template)])
            guard var span else { return await next(request) }
            let response = await within(TraceScope(tracer, span.context)) { await next(request) }
            span.end = tracer.now
            span.add(LogField("http.response.status_code", response.status.code))
            span.add(LogField("http.request.id", request.id))
            // What a client did wrong is no fault of the server's.
            if response.status.code >= 500 { span.failure = "HTTP \(response.status.code)" }
            tracer.record([span])
            return response
        }
    }

    /// Runs `body` as part of a span.
    ///
    /// `withValue` runs its closure elsewhere unless the closure is the caller's own by what it captures: requests are
    /// answered on the server's loop, and so is what is done for them.
    private static func within(
        _ scope: TraceScope, isolation: isolated (any Actor)? = #isolation, _ body: () async -> HTTPResponse
    ) async -> HTTPResponse {
        await TraceContext.$scope.withValue(scope) {
            _ = isolation
            return await TraceContext.$parent.withValue(scope.context.traceParent) {
                _ = isolation
                return await TraceContext.$isParentTrusted.withValue(true) {
                    _ = isolation
                    return await body()
                }
            }
        }
    }
}
