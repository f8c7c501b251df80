package import Reactor
package import Wire

/// Why the server cannot begin.
package enum WebError: Error, Sendable, Equatable, CustomStringConvertible {
    case cannotListen(SocketAddress, NetworkError)
    /// A certificate or key of HTTPS cannot be used.
    case badIdentity(TLSFailure)

    package var description: String {
        switch self {
        case .cannotListen(let address, .addressInUse): "port \(address.port) is in use by another program"
        case .cannotListen(let address, .permissionDenied): "no permission to listen on port \(address.port)"
        case .cannotListen(let address, .addressNotAvailable): "this machine has no address \(address.hostText)"
        case .cannotListen(let address, let error): "cannot listen on \(address): \(error)"
        case .badIdentity(let failure): failure.description
        }
    }
}
