internal import CSRTP

/// The second engine: libsrtp2, the reference that the first is checked against.
package struct LibSRTP: ~Copyable, SRTPEngine {
    private let session: srtp_t
    private let profile: ProtectionProfile

    package init(_ profile: ProtectionProfile, _ key: SRTPMasterKey, _ direction: SRTPDirection) throws(SRTPError) {
        guard key.key.count == profile.keyLength, key.salt.count == profile.saltLength else { throw .invalidKey }
        guard Self.isReady else { throw .library }
        var policy = srtp_policy_t()
        switch profile {
        case .aesCM128HMACSHA1_80:
            srtp_crypto_policy_set_rtp_default(&policy.rtp)
            srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aesCM128HMACSHA1_32:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
            srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aeadAES128GCM:
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
        case .aeadAES256GCM:
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
        }
        policy.ssrc.type = direction == .outbound ? ssrc_any_outbound : ssrc_any_inbound
        policy.window_size = UInt(SRTPLimits.window)
        var session: srtp_t?
        var material = key.key + key.salt
        let status = material.withUnsafeMutableBufferPointer { bytes in
            policy.key = bytes.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok, let session else { throw .library }
        (self.session, self.profile) = (session, profile)
    }

    deinit { srtp_dealloc(session) }

    /// The library's global tables, made at the first use.
    private static let isReady = srtp_init() == srtp_err_status_ok

    package borrowing func protect(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        guard length <= packet.count - profile.tagLength else { throw .noRoom }
        _ = try OpenSSLState.measure(packet, length)
        return try run(srtp_protect, packet, length)
    }

    package borrowing func unprotect(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        _ = try OpenSSLState.measure(packet, length - profile.tagLength)
        return try run(srtp_unprotect, packet, length)
    }

    package borrowing func protectControl(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        guard length >= 8, packet[0] >> 6 == 2 else { throw .malformed }
        guard length <= packet.count - profile.controlTrailerLength else { throw .noRoom }
        return try run(srtp_protect_rtcp, packet, length)
    }

    package borrowing func unprotectControl(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        guard length >= 8 + profile.controlTrailerLength, length <= packet.count, packet[0] >> 6 == 2 else {
            throw .malformed
        }
        return try run(srtp_unprotect_rtcp, packet, length)
    }

    private typealias Operation = (
        srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?
    ) -> srtp_err_status_t

    private borrowing func run(
        _ operation: Operation, _ packet: UnsafeMutableRawBufferPointer, _ length: Int
    ) throws(SRTPError) -> Int {
        var count = Int32(truncatingIfNeeded: length)
        switch operation(session, packet.baseAddress, &count) {
        case srtp_err_status_ok: return Int(count)
        case srtp_err_status_auth_fail: throw .authenticationFailed
        case srtp_err_status_replay_fail, srtp_err_status_replay_old: throw .replayed
        case srtp_err_status_bad_param, srtp_err_status_parse_err, srtp_err_status_cant_check: throw .malformed
        case srtp_err_status_key_expired: throw .keyExhausted
        default: throw .library
        }
    }
}
