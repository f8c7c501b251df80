import API
import Observability
import Reactor
import SIPEndpoint
import Telemetry
import Web
import Wire

/// What of the settings a running gateway takes over: `LOG_LEVEL`, the certificates, and the directory with its trunks.
///
/// Whatever cannot be used changes nothing and is said; calls and connections go on as they are.
struct RunningSettings: Sendable {
    private let sink: JSONLogSink
    private let web: WebServer
    private let sip: SIPEndpoint
    private let keeper: DirectoryKeeper
    private let logger: Logger

    init(_ gateway: Gateway) {
        (sink, web, sip, keeper) = (gateway.sink, gateway.web, gateway.sip, gateway.keeper)
        logger = gateway.logger
    }

    /// Away from the loop, since files are read.
    @concurrent func reread() async {
        do throws(ConfigurationError) {
            let reader = ConfigurationReader(environment: Program.environment())
            let (level, files) = (try Configuration.logLevel(reader), try Configuration.certificateFiles(reader))
            sink.setLevel(level)
            logger.warn("settings were read again", [LogField("logLevel", level.name)])
            if let files { await show(files) }
        } catch {
            logger.warn("settings cannot be read again", [LogField("reason", error.description)])
        }
        await sip.renewTrunkIdentities()
        await keeper.reload()
    }

    /// Shows what is in the files now to whoever connects by TLS from here on.
    private func show(_ files: CertificateFiles) async {
        do {
            let identity = try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
            try await web.show(identity)
            try await sip.show(identity)
            logger.warn("the certificate was read again", [LogField("file", files.certificate)])
        } catch {
            logger.error("the certificate cannot be used, the former stays", [LogField("reason", "\(error)")])
        }
    }
}
