import API
import Calls
import Cluster
import Directory
import Media
import Observability
import Store
import Telemetry
import Wire

extension Configuration {
    /// Reads and checks everything; the first mistake found is thrown.
    init(_ environment: Environment, processorCount: Int) throws(ConfigurationError) {
        let reader = ConfigurationReader(environment: environment)
        try readService(reader)
        try readWeb(reader)
        try readSIP(reader)
        try readMedia(reader, processorCount)
        calls.maximum = try reader.integer("MAX_CONCURRENT_CALLS", in: 0...100_000)
        try readRecording(reader)
        try readMango(reader)
        try readServices(reader)
        calls.resumeTimeout = .seconds(try reader.integer("RESUME_TIMEOUT_S", in: 0...600))
        calls.conferenceRooms = try parseConferenceRooms(reader.text("CONFERENCE_ROOMS") ?? "")
        calls.streamHosts = try parseHosts("STREAM_HOSTS", reader.text("STREAM_HOSTS") ?? "")
        calls.streamAuthorities = try reader.file("STREAM_CA")
        calls.playHosts = try Self.hosts("PLAY_HOSTS", reader)
        calls.playAuthorities = try reader.file("PLAY_CA")
        webhooks.hosts = try Self.hosts("WEBHOOK_HOSTS", reader)
        webhooks.authorities = try reader.file("WEBHOOK_CA")
        try readTraces(reader)
        checkTogether(reader)
        if service.isTest { leaveOthersAlone() }
    }

    /// Test data must not reach those who take it for real.
    private mutating func leaveOthersAlone() {
        let left = [
            ("the database", service.database != nil), ("REDIS_URL", service.redis != nil),
            ("S3_BUCKET_NAME", objects != nil), ("WEBHOOK_TOKEN", realtime.token != nil),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", traces?.isNamed == true),
        ].filter(\.1).map(\.0)
        (service.redis, objects, realtime.token, traces) = (nil, nil, nil, nil)
        warnings.append(
            "TEST_MODE=true: calls and people are test data in memory, nothing is written to a database"
                + (left.isEmpty ? "" : "; not used: \(left.joined(separator: ", "))"))
    }

    /// Any public host, unless the variable says otherwise; `none` for none.
    private static func hosts(
        _ name: String, _ reader: ConfigurationReader
    ) throws(ConfigurationError) -> [String] {
        let hosts = reader.value(name)
        return hosts == "none" ? [] : try parseHosts(name, hosts)
    }

    private mutating func readRecording(_ reader: ConfigurationReader) throws(ConfigurationError) {
        recording.settings.policy = try Self.choice("RECORDING", reader)
        recording.settings.format = try Self.choice("RECORDING_FORMAT", reader)
        let tone = try reader.integer("RECORDING_TONE_S", in: 0...3600)
        recording.settings.toneInterval = tone > 0 ? .seconds(tone) : nil
        recording.limit = try reader.integer("RECORDING_LIMIT_MB", in: 1...100_000_000)
    }

    /// One of the words that a value of this type can be.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ reader: ConfigurationReader
    ) throws(ConfigurationError) -> Choice { try choice(name, reader.value(name)) }

    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ text: String
    ) throws(ConfigurationError) -> Choice {
        guard let choice = Choice(rawValue: text.lowercased()) else {
            throw ConfigurationError(
                variable: name, problem: "\"\(text)\" is not known",
                cure: "choose one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    private mutating func readService(_ reader: ConfigurationReader) throws(ConfigurationError) {
        service.name = reader.value("SERVICE_NAME")
        service.version = reader.value("APP_VERSION")
        service.dataFolder = reader.value("DATA_DIR")
        service.adminPassword = reader.text("ADMIN_PASSWORD")
        service.database = try database(reader)
        service.isTest = try reader.flag("TEST_MODE")
        service.outboxLimit = try reader.integer("OUTBOX_LIMIT_MB", in: 1...1_000_000)
        service.logLevel = try Self.logLevel(reader)
        service.logFolder = reader.environment.isEmptied("LOG_DIR") ? nil : reader.value("LOG_DIR")
        service.drainTimeout = try reader.milliseconds("DRAIN_TIMEOUT_MS")
        service.shutdownTimeout = try reader.milliseconds("SHUTDOWN_TIMEOUT_MS")
        service.nameServers = try reader.addresses("DNS_SERVERS", port: 53)
        service.redis = try redisAddress(reader)
    }

    /// The operator's certificate and its key; read again by a running server, too.
    static func certificateFiles(_ reader: ConfigurationReader) throws(ConfigurationError) -> CertificateFiles? {
        let (certificate, key) = (reader.text("TLS_CERT"), reader.text("TLS_KEY"))
        if let certificate, let key { return CertificateFiles(certificate: certificate, key: key) }
        guard certificate == nil, key == nil else {
            throw ConfigurationError(
                variable: key == nil ? "TLS_KEY" : "TLS_CERT", problem: "certificate and key belong together",
                cure: "set both TLS_CERT and TLS_KEY, or neither")
        }
        return nil
    }

    /// Also what a running server reads again.
    static func logLevel(_ reader: ConfigurationReader) throws(ConfigurationError) -> LogLevel {
        let text = reader.value("LOG_LEVEL")
        guard let level = LogLevel(name: text) else {
            throw ConfigurationError(
                variable: "LOG_LEVEL", problem: "\"\(text)\" is not known",
                cure: "choose one of trace, debug, info, warn, error")
        }
        return level
    }

    private func redisAddress(_ reader: ConfigurationReader) throws(ConfigurationError) -> RedisAddress? {
        guard let url = reader.text("REDIS_URL") else { return nil }
        do throws(RedisAddress.Problem) {
            return try RedisAddress(url)
        } catch {
            throw ConfigurationError(
                variable: "REDIS_URL",
                problem: error == .scheme ? "only redis:// is served, without TLS" : "it cannot be read",
                cure: "write redis://[user:password@]host[:port][/database], or unset it")
        }
    }

    private func database(_ reader: ConfigurationReader) throws(ConfigurationError) -> DatabaseSetting? {
        for name in ["DATABASE_URL", "POSTGRES_URL"] {
            guard let url = reader.text(name) else { continue }
            guard StoreLocation(url: url, outbox: OutboxSettings(folder: service.dataFolder, megabytes: 1)) != nil
            else {
                throw ConfigurationError(
                    variable: name, problem: "it names no database that can be used",
                    cure: "write postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:PATH, or unset it")
            }
            return DatabaseSetting(variable: name, url: url)
        }
        return nil
    }

    private mutating func readWeb(_ reader: ConfigurationReader) throws(ConfigurationError) {
        web.port = try reader.port("PORT")
        if reader.text("HTTPS_PORT") != nil { web.securePort = try reader.port("HTTPS_PORT", default: 3443) }
        web.certificate = try Self.certificateFiles(reader)
        web.socketIOPath = reader.value("SOCKETIO_PATH")
        web.secret = reader.text("JWT_SECRET")
        web.authentication = try authenticationMode(reader)
        let origins = [reader.text("CORS_ORIGIN"), reader.text("CORS_ORIGINS")].compactMap(\.self)
            .flatMap { $0.split(separator: ",").map { String($0).trimmed } }.filter { !$0.isEmpty }
        if !origins.isEmpty { web.origins = origins }
        web.trustsProxy = try reader.flag("TRUST_PROXY")
        web.rateLimit = try reader.integer("RATE_LIMIT_MAX", in: 1...10_000_000)
        web.rateWindow = try reader.milliseconds("RATE_LIMIT_WINDOW_MS")
        // Where the system has no zones at all, what is not set must not end the start.
        guard let zone = reader.text("TZ") else { return }
        guard let dates = DateBounds(zone: zone) else {
            throw ConfigurationError(
                variable: "TZ", problem: "\"\(zone)\" is no time zone",
                cure: "write a name such as Europe/Moscow (Debian's package tzdata has them), or unset it")
        }
        web.dates = dates
    }

    private func authenticationMode(_ reader: ConfigurationReader) throws(ConfigurationError) -> AuthenticationMode {
        let text = reader.value("AUTH_MODE")
        guard let mode = AuthenticationMode(rawValue: text.lowercased()) else {
            throw ConfigurationError(
                variable: "AUTH_MODE", problem: "\"\(text)\" is not known", cure: "choose one of auto, required, off")
        }
        return mode
    }

    private mutating func readSIP(_ reader: ConfigurationReader) throws(ConfigurationError) {
        sip.listenAddress = try reader.address("SIP_LISTEN_HOST")
        sip.port = try reader.port("SIP_LISTEN_PORT")
        sip.securePort = try reader.port("SIP_TLS_PORT")
        sip.users = try parseSIPUsers(reader.text("SIP_USERS") ?? "")
        sip.domain = try domain(reader)
        sip.traceHeader = try traceHeader(reader)
        sip.traces = try tracePolicy(reader)
        sip.traceMegabytes = try reader.integer("SIP_TRACE_MB", in: 0...4096)
        service.diagnosisDays = try reader.integer("DIAGNOSIS_DAYS", in: 0...36_500)
        guard let server = reader.text("SIP_SERVER") else { return }
        var target = TrunkTarget(host: server)
        // What is not said is the name service's to say, and at last 5060 and UDP.
        if reader.text("SIP_PORT") != nil { target.port = try reader.port("SIP_PORT", default: 5060) }
        if let name = reader.text("SIP_TRANSPORT") {
            guard let transport = SignallingTransport(rawValue: name.lowercased()) else {
                throw ConfigurationError(
                    variable: "SIP_TRANSPORT", problem: "\"\(name)\" is not known", cure: "choose UDP, TCP or TLS")
            }
            target.transport = transport
        }
        var trunk = Trunk(name: "default", targets: [target])
        trunk.credentials = sip.users.compactMap(TrunkCredentials.init)
        trunk.tls = try Self.trunkTLS(reader, web.certificate)
        sip.trunk = trunk
    }

    private func domain(_ reader: ConfigurationReader) throws(ConfigurationError) -> String? {
        guard let name = reader.text("SIP_DOMAIN") else { return nil }
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        guard isName, name.utf8.count <= 253, !name.hasPrefix("."), !name.hasPrefix("-") else {
            throw ConfigurationError(
                variable: "SIP_DOMAIN", problem: "\"\(name)\" is no name of a host",
                cure: "write one such as sip.example.com, without scheme and port, or unset it")
        }
        return name
    }

    /// Only a field that nothing else is in.
    private func traceHeader(_ reader: ConfigurationReader) throws(ConfigurationError) -> String? {
        guard let name = reader.text("SIP_TRACE_HEADER") else { return nil }
        let isToken = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        let lower = name.lowercased()
        guard isToken, lower == "traceparent" || (lower.hasPrefix("x-") && (3...64).contains(name.utf8.count)) else {
            throw ConfigurationError(
                variable: "SIP_TRACE_HEADER", problem: "\"\(name)\" cannot carry a trace",
                cure: "write X-Traceparent, another name of letters that begins with X-, or traceparent")
        }
        return name
    }

    private func tracePolicy(_ reader: ConfigurationReader) throws(ConfigurationError) -> TracePolicy {
        let name = reader.value("SIP_TRACE")
        guard let policy = TracePolicy(rawValue: name.lowercased()) else {
            throw ConfigurationError(
                variable: "SIP_TRACE", problem: "\"\(name)\" is not known", cure: "choose off, failures or always")
        }
        return policy
    }

    /// Our own certificate serves where the server asks for one; read again by a running server, too.
    static func trunkTLS(
        _ reader: ConfigurationReader, _ files: CertificateFiles?
    ) throws(ConfigurationError) -> TrunkTLS {
        var tls = TrunkTLS()
        tls.authorities = try reader.file("SIP_TLS_CA")
        tls.verifies = try reader.flag("SIP_TLS_VERIFY")
        (tls.certificate, tls.key) = (files?.certificate, files?.key)
        return tls
    }

    private mutating func readMedia(_ reader: ConfigurationReader, _ processorCount: Int) throws(ConfigurationError) {
        media.publicAddress = try reader.address("PUBLIC_IP")
        media.workers = try reader.integer("MEDIA_WORKERS", default: processorCount, in: 1...64)
        media.browserPort = try reader.port("WEBRTC_PORT")
        if reader.text("WEBRTC_ADVERTISED_PORT") != nil {
            media.advertisedBrowserPort = try reader.port("WEBRTC_ADVERTISED_PORT", default: media.browserPort)
        }
        let first = try reader.port("RTP_PORT_MIN", default: 20000)
        let last = try reader.port("RTP_PORT_MAX", default: 29999)
        guard last > first else {
            throw ConfigurationError(
                variable: "RTP_PORT_MAX", problem: "\(last) is not above RTP_PORT_MIN \(first)",
                cure: "leave room for two ports a leg")
        }
        media.ports = first...last
        media.portsAreFixed = reader.text("RTP_PORT_MIN") != nil || reader.text("RTP_PORT_MAX") != nil
        media.timeout = .seconds(try reader.integer("MEDIA_TIMEOUT_S", in: 1...86_400))
        media.usesLibSRTP = try srtpEngine(reader) == "libsrtp2"
        media.stunServer = reader.text("STUN_SERVER")
        let mode = reader.value("WEBRTC_MODE").lowercased()
        guard ["auto", "bridge", "relay"].contains(mode) else {
            throw ConfigurationError(
                variable: "WEBRTC_MODE", problem: "\"\(mode)\" is not known", cure: "choose one of auto, bridge, relay")
        }
        media.bridgesPages = mode == "bridge"
        media.tones = try tonePlan(reader)
        media.sounds = SoundLibrary(plan: media.tones, music: try musicOnHold(reader))
    }

    private func tonePlan(_ reader: ConfigurationReader) throws(ConfigurationError) -> TonePlan {
        let name = reader.value("TONE_PLAN")
        guard let plan = TonePlan(named: name) else {
            throw ConfigurationError(
                variable: "TONE_PLAN", problem: "\"\(name)\" is not known", cure: "choose RU, US or EU")
        }
        return plan
    }

    /// Nil for the built-in tune.
    private func musicOnHold(_ reader: ConfigurationReader) throws(ConfigurationError) -> Sound? {
        guard let path = reader.text("MUSIC_ON_HOLD") else { return nil }
        do throws(SoundFileError) {
            return try HoldMusicFiles.load(path)
        } catch {
            let problem =
                switch error {
                case .notFound: "\(path) is not there, or a file in it cannot be read"
                case .notSound, .rateTooHigh, .noRoom:
                    "\(path) is, or contains, a file that is no WAV or Ogg of one or two channels"
                case .noFiles: "\(path) contains no .wav or .ogg file"
                case .tooLong: "\(path) lasts longer than \(HoldMusicFiles.longest / 60) minutes"
                }
            throw ConfigurationError(
                variable: "MUSIC_ON_HOLD", problem: problem,
                cure: "name a WAV or Ogg file, or a folder of them, that may be read, or unset it for the built-in tune"
            )
        }
    }

    private func srtpEngine(_ reader: ConfigurationReader) throws(ConfigurationError) -> String {
        let name = reader.value("SRTP_ENGINE").lowercased()
        guard ["openssl", "libsrtp2"].contains(name) else {
            throw ConfigurationError(
                variable: "SRTP_ENGINE", problem: "\"\(name)\" is not known", cure: "choose openssl or libsrtp2")
        }
        return name
    }

    private mutating func checkTogether(_ reader: ConfigurationReader) {
        if let first = reader.text("DATABASE_URL"), let second = reader.text("POSTGRES_URL"), first != second {
            warnings.append("DATABASE_URL and POSTGRES_URL differ; DATABASE_URL is used")
        }
        let pairs = (Int(media.ports.upperBound) - Int(media.ports.lowerBound) + 1) / 2
        if calls.maximum > pairs {
            warnings.append(
                "RTP_PORT_MIN…RTP_PORT_MAX carries \(pairs) SIP legs, fewer than MAX_CONCURRENT_CALLS \(calls.maximum)")
        } else if pairs < 100 {
            warnings.append("RTP_PORT_MIN…RTP_PORT_MAX carries \(pairs) SIP legs at once")
        }
        if sip.trunk?.tls.verifies == false {
            warnings.append("SIP_TLS_VERIFY=false: whoever answers for SIP_SERVER is believed")
        }
        if web.authentication == .off {
            warnings.append("AUTH_MODE=off: everybody who reaches the port may make calls")
        }
        if web.authentication == .automatic, web.secret == nil {
            warnings.append("without JWT_SECRET, pages and programs on this machine are trusted without a login")
        }
    }
}
