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
    private let shownUntil: Locked<WallTime?>
    private let logger: Logger

    init(_ gateway: Gateway) {
        (sink, web, sip, keeper) = (gateway.sink, gateway.web, gateway.sip, gateway.keeper)
        (shownUntil, logger) = (gateway.shownUntil, gateway.logger)
    }

    /// Away from the loop, since files are read.
    @concurrent func reread() async {
        let reader = ConfigurationReader(environment: Program.environment())
        if let level = usable({ () throws(ConfigurationError) in try Configuration.logLevel(reader) }) {
            sink.setLevel(level)
            logger.warn("settings were read again", [LogField("logLevel", level.name)])
        }
        let files = usable { () throws(ConfigurationError) in try Configuration.certificateFiles(reader) }
        if case let files?? = files, await show(files) { await showToTrunk(files, reader) }
        await keeper.reload()
        await sip.renewTrunkIdentities()
    }

    /// The trunk of `SIP_SERVER` is shown our own certificate, wherever its file is now.
    private func showToTrunk(_ files: CertificateFiles, _ reader: ConfigurationReader) async {
        let tls = usable { () throws(ConfigurationError) in try Configuration.trunkTLS(reader, files) }
        if let tls { await keeper.setEnvironmentTLS(tls) }
    }

    /// Nil, and said, when it cannot be used; no other setting waits for it.
    private func usable<Value>(_ read: () throws(ConfigurationError) -> Value) -> Value? {
        do throws(ConfigurationError) {
            return try read()
        } catch {
            logger.warn("settings cannot be read again", [LogField("reason", error.description)])
            return nil
        }
    }

    /// Shows what is in the files now to whoever connects by TLS from here on; false when it cannot be used.
    private func show(_ files: CertificateFiles) async -> Bool {
        do {
            let identity = try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
            try await web.show(identity)
            try await sip.show(identity)
            shownUntil.withLock { $0 = identity.expires }
            logger.warn("the certificate was read again", [LogField("file", files.certificate)])
            return true
        } catch {
            logger.error("the certificate cannot be used, the former stays", [LogField("reason", "\(error)")])
            return false
        }
    }
}
