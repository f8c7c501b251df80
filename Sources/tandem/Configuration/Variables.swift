/// The variables, in the order of the README.
extension Variable {
    static let all = service + web + sip + media + calls + exchange + traces

    /// The program itself: what it is called, where it keeps things, how it ends.
    static let service: [Variable] = [
        Variable(
            "NODE_ENV", otherwise: "none",
            """
            the name of the environment, such as `production`: told with each trace \
            (`deployment.environment.name`); changes nothing else
            """),
        Variable("APP_ENV", otherwise: "none", "the same by another name; `NODE_ENV` goes first"),
        Variable("SERVICE_NAME", "telephony-gateway", "shown by health, metrics and traces"),
        Variable("APP_VERSION", "1.0.0", "shown by health and traces"),
        Variable("DATA_DIR", "./data", "the store and what the program makes for itself"),
        Variable(
            "DATABASE_URL", otherwise: "a file in `DATA_DIR`",
            """
            `postgresql://USER:PASSWORD@HOST:PORT/NAME` (also `postgres://`) or `sqlite:PATH`
            """, isSecret: true),
        Variable(
            "POSTGRES_URL", otherwise: "none",
            """
            the same by another name; `DATABASE_URL` goes first
            """, isSecret: true),
        Variable(
            "OUTBOX_LIMIT_MB", "1024",
            """
            size of the file in `DATA_DIR` where changes wait while PostgreSQL is away
            """),
        Variable(
            "REDIS_URL", otherwise: "none: alone",
            """
            `redis://[user:password@]host[:port][/database]`, where gateways meet
            """, isSecret: true),
        Variable("ADMIN_PASSWORD", otherwise: "made on first start", "of the login `admin`", isSecret: true),
        Variable("TEST_MODE", "false", "test data in memory instead of a database, see [Test mode](#test-mode)"),
        Variable("LOG_LEVEL", "info", "trace, debug, info, warn, error; JSON lines on standard output"),
        Variable(
            "LOG_DIR", "logs",
            """
            folder that has the lines in files, too: `combined.log`, and `error.log` with errors alone; five \
            full ones of 20 MiB are kept of each. Empty: none
            """),
        Variable("DRAIN_TIMEOUT_MS", "0", "on SIGTERM: how long calls may go on"),
        Variable("SHUTDOWN_TIMEOUT_MS", "10000", "on SIGTERM: how long the ends of calls may take"),
        Variable("DNS_SERVERS", otherwise: "the system's", "`address[:port]`, comma separated"),
    ]

    /// Pages, REST and sockets.
    static let web: [Variable] = [
        Variable("PORT", "3000", "HTTP: the page, REST, sockets; at all addresses, of IPv4 and IPv6"),
        Variable("HTTPS_PORT", otherwise: "off (`scripts/run`: 3443)", "the same over TLS"),
        Variable(
            "TLS_CERT", otherwise: "self-made",
            """
            PEM file with the certificate, and its chain, for HTTPS and SIP over TLS
            """),
        Variable("TLS_KEY", otherwise: "self-made", "PEM file with its key"),
        Variable(
            "JWT_SECRET", otherwise: "made on first start",
            """
            signs access tokens (HS256); 32 bytes or more
            """, isSecret: true),
        Variable(
            "AUTH_MODE", "auto",
            """
            `auto`: with `JWT_SECRET` everybody needs a token, without it everybody but pages and programs on \
            this machine; `required`; `off` for a trusted network. Behind a proxy on this machine that adds no \
            `X-Forwarded-*`, choose `required`: its clients look local
            """),
        Variable(
            "CORS_ORIGIN", otherwise: "`*`",
            """
            pages that may read answers, comma separated; on sockets a foreign page needs a token in its \
            handshake
            """),
        Variable("CORS_ORIGINS", otherwise: "`*`", "the same by another name; those of both count"),
        Variable("TRUST_PROXY", "false", "take client addresses from `X-Forwarded-For`"),
        Variable("RATE_LIMIT_MAX", "1000", "requests per address within `RATE_LIMIT_WINDOW_MS`"),
        Variable("RATE_LIMIT_WINDOW_MS", "60000", "the time they are counted over"),
        Variable("SOCKETIO_PATH", "/socket.io", "where Socket.IO is"),
        Variable("TZ", "Europe/Moscow", "the zone of dates without a time in API filters"),
    ]

    /// Signalling with phones and trunks.
    static let sip: [Variable] = [
        Variable(
            "SIP_LISTEN_HOST", otherwise: "all addresses",
            """
            where SIP is listened for; an address (even `0.0.0.0`) means that one alone
            """),
        Variable("SIP_LISTEN_PORT", "5060", "SIP over UDP and TCP"),
        Variable("SIP_TLS_PORT", "5061", "SIP over TLS"),
        Variable(
            "SIP_DOMAIN", otherwise: "our address",
            """
            the host behind the `@` of callers that phones are shown; a certificate that the program makes for \
            itself names it, too
            """),
        Variable("SIP_SERVER", otherwise: "none", "the host of the trunk named `default`"),
        Variable("SIP_PORT", otherwise: "by DNS, or 5060", "its port"),
        Variable(
            "SIP_TRANSPORT", otherwise: "by DNS, or UDP",
            """
            UDP, TCP or TLS; what is not said comes from NAPTR and SRV
            """),
        Variable("SIP_TLS_CA", otherwise: "the system's", "PEM file of the authority of `SIP_SERVER`'s certificate"),
        Variable("SIP_TLS_VERIFY", "true", "false believes whoever answers for `SIP_SERVER`"),
        Variable(
            "SIP_USERS", otherwise: "none",
            """
            `username:password:extension:displayName[:wsPassword]`, comma separated; `%3A` and `%2C` inside a \
            field: accounts here, which also register at `SIP_SERVER`
            """, isSecret: true),
        Variable("SIP_TRACE", "failures", "whose signalling is kept with the record: `off`, `failures`, `always`"),
        Variable("SIP_TRACE_MB", "32", "memory for the latest messages of all calls"),
        Variable(
            "DIAGNOSIS_DAYS", "90",
            """
            for so many days the diagnoses and the signalling of calls are kept; records and their quality stay; \
            0: for ever
            """),
        Variable(
            "SIP_TRACE_HEADER", otherwise: "none",
            """
            name of a header field, such as `X-Traceparent`, by which INVITEs carry the trace of their call (W3C \
            `traceparent`): to trunks and phones, and from trunks
            """),
    ]
}
