import Calls
import Cluster
import Directory
import Testing
import Wire

@testable import tandem

struct EnvironmentTests {
    @Test func `a file gives what the environment does not, quotes and comments aside`() {
        let file = """
            # a comment
            PORT=3009
            export LOG_LEVEL="debug"   # noisy
            SERVICE_NAME='a # b'
            EMPTY=
            BROKEN LINE
            """
        let environment = Environment(process: ["PORT": "5003"], file: file)
        #expect(environment["PORT"] == "5003")
        #expect(environment["LOG_LEVEL"] == "debug")
        #expect(environment["SERVICE_NAME"] == "a # b")
        #expect(environment["EMPTY"] == nil)
    }
}

struct ConfigurationTests {
    private func configuration(_ values: [String: String]) throws -> Configuration {
        try Configuration(Environment(process: values), processorCount: 2)
    }

    @Test func `nothing set is a working gateway`() throws {
        let configuration = try configuration([:])
        #expect(configuration.web.port == 3000)
        #expect(configuration.sip.port == 5060)
        #expect(configuration.sip.securePort == 5061)
        #expect(configuration.sip.listenAddresses == [.anyIPv4, .anyIPv6])
        #expect(configuration.media.ports == 20000...29999)
        #expect(configuration.media.workers == 2)
        #expect(configuration.sip.trunk == nil)
    }

    @Test func `the trace of a call is carried by a field of its own`() throws {
        #expect(try configuration([:]).sip.traceHeader == nil)
        for name in ["X-Traceparent", "traceparent", "x-t"] {
            #expect(try configuration(["SIP_TRACE_HEADER": name]).sip.traceHeader == name)
        }
        for name in ["Via", "X-", "X-A B", "X-A:", "X-Ä"] {
            #expect(throws: ConfigurationError.self) { try configuration(["SIP_TRACE_HEADER": name]) }
        }
    }

    @Test func `a domain is the name of a host`() throws {
        #expect(try configuration(["SIP_DOMAIN": "sip.example.com"]).sip.domain == "sip.example.com")
        for name in ["sip:example.com", "example.com:5060", "a b", ".example", "user@example.com"] {
            #expect(throws: ConfigurationError.self) { try configuration(["SIP_DOMAIN": name]) }
        }
    }

    @Test func `conference rooms have a number and a name each, and none twice`() throws {
        let rooms = try configuration(["CONFERENCE_ROOMS": "8000:team, 8001:board_2"]).calls.conferenceRooms
        #expect(
            rooms == [ConferenceRoom(name: "team", number: "8000"), ConferenceRoom(name: "board_2", number: "8001")])
        for text in ["8000", "team:8000", "8000:a b", "8000:team,8000:other", "8000:team,8001:team", ":team"] {
            #expect(throws: ConfigurationError.self) { try configuration(["CONFERENCE_ROOMS": text]) }
        }
    }

    @Test func `hosts for streams are names, addresses or all below a name`() throws {
        let hosts = ["bot", "*.example.com", "10.0.0.1", "::1", "*"]
        #expect(try configuration(["STREAM_HOSTS": hosts.joined(separator: ", ")]).calls.streamHosts == hosts)
        #expect(try configuration([:]).calls.streamHosts.isEmpty)
        for text in ["wss://bot", "bot:8080", "bot/voice", "*.", "*bot", "a b"] {
            #expect(throws: ConfigurationError.self) { try configuration(["STREAM_HOSTS": text]) }
        }
    }

    @Test func `sounds are fetched from any public host, from those that are named, or from none`() throws {
        #expect(try configuration([:]).calls.playHosts == ["*"])
        #expect(try configuration(["PLAY_HOSTS": "*, files.internal"]).calls.playHosts == ["*", "files.internal"])
        #expect(try configuration(["PLAY_HOSTS": "none"]).calls.playHosts.isEmpty)
        #expect(throws: ConfigurationError.self) { try configuration(["PLAY_HOSTS": "http://files"]) }
        #expect(throws: ConfigurationError.self) { try configuration(["PLAY_CA": "/nowhere/ca.pem"]) }
    }

    @Test func `webhooks tell any public host, those that are named, or none`() throws {
        #expect(try configuration([:]).webhooks.hosts == ["*"])
        #expect(try configuration(["WEBHOOK_HOSTS": "crm.internal"]).webhooks.hosts == ["crm.internal"])
        #expect(try configuration(["WEBHOOK_HOSTS": "none"]).webhooks.hosts.isEmpty)
        #expect(throws: ConfigurationError.self) { try configuration(["WEBHOOK_HOSTS": "http://crm"]) }
    }

    @Test func `a test leaves everything alone that is not its own, and says so`() throws {
        let others = [
            "DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://cache", "WEBHOOK_TOKEN": "token",
            "S3_BUCKET_NAME": "bucket", "S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "secret",
        ]
        let real = try configuration(others)
        #expect(!real.service.isTest && real.service.redis != nil && real.realtime.token != nil && real.objects != nil)
        for word in ["true", "1", "YES"] {
            let test = try configuration(others.merging(["TEST_MODE": word]) { $1 })
            #expect(test.service.isTest && test.service.redis == nil)
            #expect(test.realtime.token == nil && test.objects == nil)
            #expect(test.service.callFolder != test.service.dataFolder)
            #expect(test.authMode == real.authMode)
            #expect(test.warnings.contains { $0.hasPrefix("TEST_MODE=true") && $0.contains("the database") })
        }
        for word in ["false", "0", "off", ""] {
            let other = try configuration(["TEST_MODE": word])
            #expect(!other.service.isTest && other.service.callFolder == other.service.dataFolder)
        }
        #expect(throws: ConfigurationError.self) { try configuration(["TEST_MODE": "maybe"]) }
    }

    @Test func `gateways meet in Redis only where it is named, without TLS`() throws {
        #expect(try configuration([:]).service.redis == nil)
        #expect(try configuration(["REDIS_URL": "redis://:secret@cache:6380/1"]).service.redis?.port == 6380)
        for url in ["rediss://cache", "cache:6379", "redis://"] {
            #expect(throws: ConfigurationError.self) { try configuration(["REDIS_URL": url]) }
        }
    }

    @Test func `the public address is this machine's own like those of its interfaces`() throws {
        let address = try #require(IPAddress("203.0.113.9"))
        let own = try configuration(["PUBLIC_IP": "203.0.113.9"]).ownAddresses
        #expect(own.contains(address) && own.isSuperset(of: LocalAddresses.all()))
        #expect(try !configuration([:]).ownAddresses.contains(address))
    }

    @Test func `media between pages alone passes here where that is wanted`() throws {
        for (mode, isBridged) in [("auto", false), ("AUTO", false), ("bridge", true), ("relay", false)] {
            let made = try configuration(["WEBRTC_MODE": mode])
            #expect(made.media.bridgesPages == isBridged && !made.warnings.contains { $0.hasPrefix("WEBRTC_MODE") })
        }
        #expect(throws: ConfigurationError.self) { try configuration(["WEBRTC_MODE": "mesh"]) }
    }

    @Test func `a consent tone is heard only where that is wanted`() throws {
        #expect(try configuration([:]).recording.settings.toneInterval == nil)
        #expect(try configuration(["RECORDING_TONE_S": "0"]).recording.settings.toneInterval == nil)
        #expect(try configuration(["RECORDING_TONE_S": "15"]).recording.settings.toneInterval == .seconds(15))
        #expect(throws: ConfigurationError.self) { try configuration(["RECORDING_TONE_S": "-1"]) }
    }

    @Test func `the environment of document 003 works as it stands`() throws {
        let configuration = try configuration([
            "PORT": "3009", "NODE_ENV": "production", "SIP_SERVER": "sip.example.com", "SIP_PORT": "5060",
            "SIP_TRANSPORT": "UDP",
            "SIP_USERS": "operator1:pass123:1001:Иванов И.И.,operator2:pass456:1002:Петров П.П.",
            "RTP_PORT_MIN": "5700", "RTP_PORT_MAX": "5750", "CORS_ORIGIN": "*",
        ])
        #expect(configuration.web.port == 3009)
        #expect(configuration.sip.users.map(\.extension) == ["1001", "1002"])
        #expect(configuration.sip.users.map(\.displayName) == ["Иванов И.И.", "Петров П.П."])
        let trunk = try #require(configuration.sip.trunk)
        #expect(trunk.targets.first?.host == "sip.example.com")
        #expect(trunk.credentials.count == 2)
        #expect(configuration.warnings.contains { $0.contains("25 SIP legs") })
    }

    @Test func `a trunk's port and transport are the name service's to say, unless they are set`() throws {
        let open = try configuration(["SIP_SERVER": "sip.example.com"]).sip.trunk?.targets
        #expect(open == [TrunkTarget(host: "sip.example.com")])
        let closed = try configuration(["SIP_SERVER": "a.example", "SIP_PORT": "5070", "SIP_TRANSPORT": "TLS"])
        #expect(closed.sip.trunk?.targets == [TrunkTarget(host: "a.example", port: 5070, transport: .tls)])
        #expect(closed.sip.trunk?.tls == TrunkTLS())
        let trusting = try configuration([
            "SIP_SERVER": "a.example", "SIP_TLS_CA": "/dev/null", "SIP_TLS_VERIFY": "false", "TLS_CERT": "/c",
            "TLS_KEY": "/k",
        ])
        let tls = try #require(trusting.sip.trunk?.tls)
        #expect(tls.authorities == "/dev/null")
        #expect(!tls.verifies)
        #expect(tls.certificate == "/c" && tls.key == "/k")
        #expect(trusting.warnings.contains { $0.contains("SIP_TLS_VERIFY") })
    }

    @Test func `name servers are addresses with or without a port`() throws {
        let text = "192.0.2.53, 192.0.2.54:5353,2001:db8::1,[2001:db8::2],[2001:db8::3]:54"
        let servers = try configuration(["DNS_SERVERS": text]).service.nameServers
        #expect(
            servers.map(\.description) == [
                "192.0.2.53:53", "192.0.2.54:5353", "[2001:db8::1]:53", "[2001:db8::2]:53", "[2001:db8::3]:54",
            ])
    }

    @Test func `colons and commas inside a field are written as escapes`() throws {
        let account = try #require(try configuration(["SIP_USERS": "a:p%3Aw%2Cd:1001:Anna:web"]).sip.users.first)
        #expect(account.secret == .password("p:w,d"))
        #expect(account.wsPassword == "web")
    }

    @Test(arguments: [
        ("PORT", "0"), ("SIP_TLS_PORT", "sips"), ("SIP_TLS_CA", "/nowhere/ca.pem"), ("PORT", "web"),
        ("LOG_LEVEL", "loud"),
        ("SIP_TRANSPORT", "CARRIER-PIGEON"),
        ("SIP_USERS", "only-a-name"), ("SIP_USERS", "a:b:1001:A,c:d:1001:C"), ("PUBLIC_IP", "somewhere"),
        ("MEDIA_WORKERS", "0"), ("AUTH_MODE", "maybe"), ("TRUST_PROXY", "perhaps"), ("SRTP_ENGINE", "none"),
        ("TLS_CERT", "/only/half"), ("DNS_SERVERS", "dns.example.com"), ("DATABASE_URL", "oracle://db/x"),
        ("TONE_PLAN", "FR"), ("MUSIC_ON_HOLD", "/nowhere/music"), ("MUSIC_ON_HOLD", "/etc/passwd"),
    ]) func `a value that cannot be used is named with its cure`(variable: String, value: String) {
        var values = [variable: value]
        if ["SIP_TRANSPORT", "SIP_TLS_CA"].contains(variable) { values["SIP_SERVER"] = "sip.example.com" }
        let error = #expect(throws: ConfigurationError.self) { try configuration(values) }
        let named = variable == "TLS_CERT" ? "TLS_KEY" : variable
        #expect(error?.variable == named)
        #expect(error?.cure.isEmpty == false)
    }
}
