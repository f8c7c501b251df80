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
            let (scope, parent) = (TraceScope(tracer, span.context), span.context.traceParent)
            let response = await TraceContext.$scope.withValue(scope) {
                await TraceContext.$parent.withValue(parent) {
                    await TraceContext.$isParentTrusted.withValue(true) { await next(request) }
                }
            }
            span.end = tracer.now
            span.add(LogField("http.response.status_code", response.status.code))
            span.add(LogField("http.request.id", request.id))
            // What a client did wrong is no fault of the server's.
            if response.status.code >= 500 { span.failure = "HTTP \(response.status.code)" }
            tracer.record([span])
            return response
        }
    }
}
