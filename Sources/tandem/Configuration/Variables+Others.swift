extension Variable {
    /// The Mango Office exchange, and what is done with its calls.
    static let exchange: [Variable] = [
        Variable("MANGO_OFFICE_API_KEY", otherwise: "none", "the account at Mango Office", isSecret: true),
        Variable(
            "MANGO_API_KEY", otherwise: "none",
            """
            the same by another name; `MANGO_OFFICE_API_KEY` goes first
            """, isSecret: true),
        Variable(
            "MANGO_OFFICE_API_SALT", otherwise: "none",
            """
            its salt; without it signatures are not checked and nothing is asked of the exchange
            """, isSecret: true),
        Variable(
            "MANGO_API_SALT", otherwise: "none",
            """
            the same by another name; `MANGO_OFFICE_API_SALT` goes first
            """, isSecret: true),
        Variable("MANGO_API_ID", otherwise: "none", "the account's number, shown masked"),
        Variable("MANGO_API_URL", "https://app.mango-office.ru/vpbx", "where the exchange is asked"),
        Variable("MANGO_WEBHOOK_URL", "/api/webhooks/mango", "another path at which events are taken, too"),
        Variable("MANGO_REQUIRE_SIGN", "false", "refuse events without a signature"),
        Variable(
            "MANGO_ALLOWED_IPS", otherwise: "all",
            """
            addresses and networks that events are taken from, comma separated
            """),
        Variable(
            "MANGO_RECORDING_DELAY_S", "5",
            """
            seconds after the exchange has told of a recording until it is asked for it; it may tell before it has the file
            """),
        Variable("DEFAULT_OPERATOR_ID", "1", "whose calls are that nobody else's can be found to be"),
        Variable("S3_BUCKET_NAME", otherwise: "none", "where recordings of the exchange are stored"),
        Variable("S3_REGION", "us-east-1", "of the bucket"),
        Variable("S3_ENDPOINT", otherwise: "Amazon", "another server; the bucket stands in the path then"),
        Variable("S3_ACCESS_KEY_ID", otherwise: "none", "key of the bucket", isSecret: true),
        Variable("S3_SECRET_ACCESS_KEY", otherwise: "none", "its secret", isSecret: true),
        Variable("S3_RECORDINGS_PREFIX", "callcentre/recordings/", "what names of recordings begin with"),
        Variable("REALTIME_SERVICE_URL", "http://realtime-service:5009", "who is told of calls"),
        Variable("WEBHOOK_TOKEN", otherwise: "none", "with which token; without it nobody is told", isSecret: true),
    ]

    /// Traces, by the standard variables of OpenTelemetry.
    static let traces: [Variable] = [
        Variable("OTEL_SDK_DISABLED", "false", "true: nothing is traced"),
        Variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317",
            """
            where traces go (`https` for TLS). Unless it is set, the usual place is asked once a minute, and \
            nothing is recorded until a collector answers there
            """),
        Variable(
            "OTEL_EXPORTER_OTLP_PROTOCOL", otherwise: "by the port",
            """
            `grpc` (4317) or `http/protobuf` (any other, at `/v1/traces` below the endpoint)
            """),
        Variable(
            "OTEL_EXPORTER_OTLP_HEADERS", otherwise: "none",
            """
            `name=value`, comma separated, `%2C` for a comma: sent with each request
            """, isSecret: true),
        Variable("OTEL_EXPORTER_OTLP_COMPRESSION", "none", "or `gzip`"),
        Variable("OTEL_EXPORTER_OTLP_TIMEOUT", "10000", "milliseconds for one request"),
        Variable("OTEL_EXPORTER_OTLP_CERTIFICATE", otherwise: "the system's", "PEM file of authorities for `https`"),
        Variable("OTEL_SERVICE_NAME", otherwise: "`SERVICE_NAME`", "who the spans come from"),
        Variable("OTEL_RESOURCE_ATTRIBUTES", otherwise: "none", "more about it: `name=value`, comma separated"),
        Variable(
            "OTEL_TRACES_SAMPLER", "parentbased_always_on",
            """
            `always_on`, `always_off`, `traceidratio`, or one of them after `parentbased_`: that follows the \
            flag of a `traceparent`, but from other machines only with `TRUST_PROXY`, for nobody else may say \
            what is recorded
            """),
        Variable("OTEL_TRACES_SAMPLER_ARG", "1", "the part of the traces that `traceidratio` keeps, such as 0.01"),
        Variable("OTEL_BSP_MAX_QUEUE_SIZE", "8192", "spans that wait at most"),
        Variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512", "spans that go out together"),
        Variable("OTEL_BSP_SCHEDULE_DELAY", "5000", "milliseconds that the first of them waits for others"),
    ]
}
