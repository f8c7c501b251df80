import CUV
import Glibc

extension NetworkError {
    /// Reads libuv's status: a negated error number of the system.
    init(uv status: Int32) {
        switch -status {
        case EADDRINUSE: self = .addressInUse
        case EADDRNOTAVAIL: self = .addressNotAvailable
        case EACCES, EPERM: self = .permissionDenied
        case EMFILE, ENFILE: self = .tooManyOpenFiles
        case ECONNREFUSED: self = .refused
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: self = .unreachable
        case ECONNRESET, EPIPE, ECONNABORTED: self = .reset
        case ETIMEDOUT: self = .timedOut
        default: self = .system(-status)
        }
    }
}

/// Throws unless libuv says that all is well.
func check(_ status: Int32) throws(NetworkError) {
    if status < 0 { throw NetworkError(uv: status) }
}
