import Directory
import Glibc
import Media
import Reactor
import SIPEndpoint
import Web
import Wire

/// Why the program could not start, as one line that names the variable and the cure.
struct StartError: Error, CustomStringConvertible {
    let failure: Program.Failure
    let description: String

    init(_ failure: Program.Failure, _ description: String) {
        self.failure = failure
        self.description = description
    }

    /// A port that cannot be listened on.
    static func port(_ variable: String, _ port: UInt16, _ transport: String, _ error: NetworkError) -> StartError {
        switch error {
        case .addressInUse:
            StartError(
                .system,
                "\(variable): \(transport) port \(port) is in use; stop the program that has it or set \(variable) to another"
            )
        case .permissionDenied:
            StartError(
                .system, "\(variable): \(transport) port \(port) needs privileges; set \(variable) to one above 1023")
        case .addressNotAvailable:
            StartError(.configuration, "\(variable): this machine has no such address; set one of its own")
        default: StartError(.system, "\(variable): \(transport) port \(port) cannot be opened (\(error))")
        }
    }

    static func sip(_ error: SIPEndpointError) -> StartError {
        switch error {
        case .cannotListen(let address, let transport, let reason):
            .port(transport == "TLS" ? "SIP_TLS_PORT" : "SIP_LISTEN_PORT", address.port, transport, reason)
        case .badIdentity(let failure): .identity(failure)
        }
    }

    /// `variable`: the one that says where the store is.
    static func store(_ error: StoreError, _ variable: String = "DATA_DIR") -> StartError {
        switch error {
        case .unusable(let path, let reason):
            StartError(.system, "\(variable): \(path) cannot be used (\(reason)); name a place where we may write")
        case .corrupt(let path, let reason):
            StartError(.system, "\(variable): \(path) is damaged (\(reason)); restore it from a backup or move it away")
        case .newerSchema(let path, let version, let supported):
            StartError(
                .system,
                "\(variable): \(path) has schema \(version), this program knows \(supported); run the newer program")
        case .conflict(let column):
            StartError(
                .configuration, "SIP_USERS: \(column) is taken by another account in the store; change the entry")
        case .unfit(let reason):
            StartError(
                .configuration, "\(variable): the database does not take a value (\(reason)); shorten or mend it")
        case .failed(let reason):
            StartError(.system, "\(variable): the store does not work (\(reason)); check the disk")
        case .refused(let reason): StartError(.refused, "\(variable): \(reason)")
        case .unavailable(let reason):
            StartError(.system, "\(variable): the database cannot be reached (\(reason)); start it or name another")
        case .closed: StartError(.system, "\(variable): the store was closed while starting")
        }
    }

    static func media(_ error: MediaError, _ settings: Configuration.MediaSettings) -> StartError {
        guard case .system(let code) = error else {
            return StartError(.configuration, "RTP_PORT_MIN: no port can be used (\(error)); widen the range")
        }
        let last = Int(settings.browserPort) + settings.workers - 1
        return StartError(
            .system,
            "WEBRTC_PORT: UDP and TCP ports \(settings.browserPort)–\(last) cannot be opened (\(Self.words(code))); set WEBRTC_PORT to free ones"
        )
    }

    /// What the system means by a number: "address already in use".
    private static func words(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }

    static func web(_ error: WebError, _ variable: String, _ port: UInt16) -> StartError {
        switch error {
        case .cannotListen(_, let reason): .port(variable, port, "TCP", reason)
        case .badIdentity(let failure): .identity(failure)
        }
    }

    static func identity(_ failure: TLSFailure) -> StartError {
        StartError(.configuration, "TLS_CERT: \(failure); set TLS_CERT and TLS_KEY to a PEM certificate and its key")
    }
}
