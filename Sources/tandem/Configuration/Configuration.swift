import API
import Calls
import Cluster
import Directory
import Mango
import Media
import Observability
import Telemetry
import Wire

/// Everything that the environment decides, checked as a whole before anything starts.
struct Configuration {
    var service = Service()
    var web = Web()
    var sip = SIP()
    var media = MediaSettings()
    var calls = Calls()
    var recording = Recording()
    var webhooks = Webhooks()
    var mango = MangoSettings()
    /// Nil: recordings of the vendor's exchange stay there.
    var objects: ObjectStore.Settings?
    var realtime = Realtime()
    /// Nil: nothing is traced.
    var traces: TraceSettings?

    struct Service {
        var name = "telephony-gateway"
        var version = "1.0.0"
        var dataFolder = "./data"
        /// Files that can be played into calls.
        var soundFolder: String { "\(dataFolder)/sounds" }
        /// Where the store is; a file in the data folder when not set.
        var database: DatabaseSetting?
        /// How much may wait for a database server, in megabytes.
        var outboxLimit = 1024
        /// For how long the traces and diagnoses of calls are kept; 0: for ever.
        var diagnosisDays = 90
        var logLevel = LogLevel.info
        /// `TEST_MODE`: calls and people are test data in memory, and nobody elsewhere is told of any.
        var isTest = false
        /// Where files of calls are written; those of a test never come among the others.
        var callFolder: String { isTest ? "\(dataFolder)/test" : dataFolder }
        /// Nil: lines go to standard output alone.
        var logFolder: String? = "logs"
        var adminPassword: String?
        var drainTimeout: Duration = .zero
        var shutdownTimeout: Duration = .seconds(10)
        /// Empty: those of the system.
        var nameServers: [SocketAddress] = []
        /// Where nodes meet; nil: this one is alone.
        var redis: RedisAddress?
    }

    struct DatabaseSetting {
        /// The variable that says so.
        let variable: String
        /// A password may be in it.
        let url: String
    }

    struct Web {
        var port: UInt16 = 3000
        /// Nil: no HTTPS.
        var securePort: UInt16?
        var certificate: CertificateFiles?
        var socketIOPath = "/socket.io"
        var secret: String?
        var authentication = AuthenticationMode.automatic
        var origins: [String] = ["*"]
        var trustsProxy = false
        var rateLimit = 1000
        var rateWindow: Duration = .seconds(60)
        /// How dates of filters are read, in the zone of `TZ`.
        var dates = DateBounds()
    }

    enum AuthenticationMode: String {
        case automatic = "auto"
        case required
        case off
    }

    struct SIP {
        /// Nil: every address of the machine, of both families.
        var listenAddress: IPAddress?
        var port: UInt16 = 5060
        var securePort: UInt16 = 5061
        var trunk: Trunk?
        /// `SIP_USERS`: accounts here, and registered at the trunk when there is one.
        var users: [SIPAccount] = []
        /// Whose signalling is kept with the record.
        var traces = TracePolicy.failures
        /// Memory for the latest messages of all calls.
        var traceMegabytes = 32
        /// The field by which INVITEs carry the trace of their call; nil: they do not.
        var traceHeader: String?
        /// What stands behind the `@` of our addresses; nil: the address itself.
        var domain: String?

        var listenAddresses: [IPAddress] { listenAddress.map { [$0] } ?? [.anyIPv4, .anyIPv6] }
    }

    struct MediaSettings {
        var publicAddress: IPAddress?
        var browserPort: UInt16 = 30000
        var advertisedBrowserPort: UInt16?
        var workers = 1
        var ports: ClosedRange<UInt16> = 20000...29999
        /// The environment says so: what administrators set does not count.
        var portsAreFixed = false
        var usesLibSRTP = false
        var timeout: Duration = .seconds(30)
        var stunServer: String?
        /// Media between pages alone passes here, too.
        var bridgesPages = false
        var tones = TonePlan.russia
        /// Made of `TONE_PLAN` and `MUSIC_ON_HOLD`.
        var sounds = SoundLibrary()
    }

    struct Calls {
        var maximum = 0
        /// How long the place of a page that is away is kept; zero: not at all.
        var resumeTimeout = Duration.seconds(20)
        var conferenceRooms: [ConferenceRoom] = []
        /// Whither audio may be streamed; empty: nowhere.
        var streamHosts: [String] = []
        /// Authorities that are trusted for it instead of the system's.
        var streamAuthorities: String?
        /// Whence sounds may be fetched that are to be played.
        var playHosts = ["*"]
        /// Authorities that are trusted for it instead of the system's.
        var playAuthorities: String?
    }

    struct Webhooks {
        /// Whom they may tell.
        var hosts = ["*"]
        /// Authorities that are trusted for it instead of the system's.
        var authorities: String?
    }

    /// The realtime service of document 000's system.
    struct Realtime {
        var url = "http://realtime-service:5009"
        /// Nil: it is not told of calls.
        var token: String?
    }

    struct Recording {
        var settings = RecordingSettings()
        /// Megabytes of all recordings together.
        var limit = 10_240
    }

    /// What is legal but probably not meant, said once at start.
    var warnings: [String] = []
}

/// PEM files of a certificate with its chain, and of its key.
struct CertificateFiles: Equatable {
    let certificate: String
    let key: String
}
