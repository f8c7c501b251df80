/// Which library protects packets; `SRTP_ENGINE` chooses.
package enum SRTPEngineKind: String, Hashable, Sendable, CaseIterable {
    case openssl
    case libsrtp2
}

/// One direction of a session on the engine of choice.
///
/// An enum and not an existential: the relay's call must cost a branch, not a witness table.
package enum SRTPSession: ~Copyable {
    case openSSL(OpenSSLSRTP)
    case library(LibSRTP)

    package init(
        _ kind: SRTPEngineKind, _ profile: ProtectionProfile, _ key: SRTPMasterKey, _ direction: SRTPDirection
    ) throws(SRTPError) {
        switch kind {
        case .openssl: self = .openSSL(try OpenSSLSRTP(profile, key, direction))
        case .libsrtp2: self = .library(try LibSRTP(profile, key, direction))
        }
    }

    package borrowing func protect(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        switch self {
        case .openSSL(let engine): try engine.protect(packet, length: length)
        case .library(let engine): try engine.protect(packet, length: length)
        }
    }

    package borrowing func unprotect(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        switch self {
        case .openSSL(let engine): try engine.unprotect(packet, length: length)
        case .library(let engine): try engine.unprotect(packet, length: length)
        }
    }

    package borrowing func protectControl(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        switch self {
        case .openSSL(let engine): try engine.protectControl(packet, length: length)
        case .library(let engine): try engine.protectControl(packet, length: length)
        }
    }

    package borrowing func unprotectControl(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        switch self {
        case .openSSL(let engine): try engine.unprotectControl(packet, length: length)
        case .library(let engine): try engine.unprotectControl(packet, length: length)
        }
    }
}

// A call's next packet comes after those of all the other calls, which have taken its place in the caches.
extension SRTPSession {
    /// Asks for the session's own memory.
    @inline(__always)
    package borrowing func prefetch() {
        switch self {
        case .openSSL(let engine): engine.prefetch()
        case .library: break
        }
    }

    /// Asks for what that memory points to; some time after `prefetch`, or it waits for it.
    @inline(__always)
    package borrowing func prefetchFurther() {
        switch self {
        case .openSSL(let engine): engine.prefetchFurther()
        case .library: break
        }
    }
}
