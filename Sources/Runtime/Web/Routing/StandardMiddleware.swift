package import Wire

/// The middleware every server of ours has.
package enum StandardMiddleware {
    /// Puts the request's id on the response.
    package static let requestID: Middleware = { request, _, next in
        await next(request).with("X-Request-Id", request.id)
    }

    /// Fields that keep browsers from guessing types, framing our pages or leaking addresses.
    package static let securityHeaders: Middleware = { request, _, next in
        var response = await next(request)
        response.fields["X-Content-Type-Options"] = "nosniff"
        response.fields["X-Frame-Options"] = "DENY"
        if response.fields["Referrer-Policy"] == nil { response.fields["Referrer-Policy"] = "no-referrer" }
        if request.isTLS { response.fields["Strict-Transport-Security"] = "max-age=31536000" }
        return response
    }

    /// Lets pages of the origins in `policy` read our answers, and answers their preflights.
    package static func cors(_ policy: OriginPolicy) -> Middleware {
        { request, _, next in
            guard let origin = request.field("Origin") else { return await next(request) }
            let isPreflight = request.method == .options && request.field("Access-Control-Request-Method") != nil
            var response = isPreflight ? HTTPResponse.empty() : await next(request)
            response.fields.add("Vary", "Origin")
            guard let allowed = policy.allowedOrigin(for: origin) else { return response }
            response.fields["Access-Control-Allow-Origin"] = allowed
            if allowed != "*" { response.fields["Access-Control-Allow-Credentials"] = "true" }
            if isPreflight {
                response.fields["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
                response.fields["Access-Control-Allow-Headers"] =
                    "Content-Type, Authorization, Accept, X-Requested-With, X-Use-Cookies, X-Call-View, X-Request-Id, "
                    + "Idempotency-Key, If-None-Match, traceparent"
                response.fields["Access-Control-Max-Age"] = "600"
            } else {
                response.fields["Access-Control-Expose-Headers"] =
                    "X-Request-Id, Retry-After, ETag, Idempotent-Replayed"
            }
            return response
        }
    }

    /// Refuses an address that asks too often, but for paths beginning with one of `exempt`.
    package static func rateLimit(
        _ limiter: RateLimiter, now: @escaping @Sendable () -> Instant, exempt: [String]
    ) -> Middleware {
        { request, _, next in
            if exempt.contains(where: { request.path.hasPrefix($0) }) { return await next(request) }
            switch limiter.take(request.remote.ip, now()) {
            case .allowed: return await next(request)
            case .refused(let wait):
                return Failure.rateLimited(retryAfterSeconds: max(1, Int(wait.inSeconds.rounded(.up)))).response
            }
        }
    }

    /// Tells `observe` of every exchange, for the access log and the metrics.
    package static func observe(
        now: @escaping @Sendable () -> Instant, _ observe: @escaping @Sendable (HTTPExchange) -> Void
    ) -> Middleware {
        { request, template, next in
            let start = now()
            let response = await next(request)
            observe(HTTPExchange(request: request, template: template, response: response, duration: now() - start))
            return response
        }
    }
}

/// A request with its answer.
package struct HTTPExchange: Sendable {
    package let request: HTTPRequest
    /// The route template, or `Router.unmatched`.
    package let template: String
    package let response: HTTPResponse
    /// From the complete request to the complete response, without the network.
    package let duration: Duration
}
