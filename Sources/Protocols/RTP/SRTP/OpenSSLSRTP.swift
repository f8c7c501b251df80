internal import CLinux
internal import COpenSSL

/// The default engine: OpenSSL with algorithms fetched and contexts keyed before the first packet.
///
/// A packet costs no allocation, no fetch and no key schedule: the cipher context only gets another initialisation
/// vector, and HMAC-SHA1 goes on from copies of the two states that follow the padded key (RFC 2104 section 4).
///
/// Everything lives in one manually owned block, because the relay reaches it through a plain pointer: this struct
/// alone owns it, frees it in `deinit` and must stay on one thread.
package struct OpenSSLSRTP: ~Copyable, SRTPEngine {
    private let state: UnsafeMutablePointer<OpenSSLState>

    package init(_ profile: ProtectionProfile, _ key: SRTPMasterKey, _ direction: SRTPDirection) throws(SRTPError) {
        try self.init(profile, SRTPSessionKeys(profile, key), direction)
    }

    package init(_ profile: ProtectionProfile, _ keys: SRTPSessionKeys, _ direction: SRTPDirection) throws(SRTPError) {
        let packets = try OpenSSLCipher(
            profile, key: keys.cipherKey, salt: keys.salt, authenticationKey: keys.authenticationKey, direction)
        let control: OpenSSLCipher
        do {
            control = try OpenSSLCipher(
                profile, key: keys.controlCipherKey, salt: keys.controlSalt,
                authenticationKey: keys.controlAuthenticationKey, direction)
        } catch {
            packets.free()
            throw error
        }
        state = .allocate(capacity: 1)
        state.initialize(to: OpenSSLState(profile: profile, packets: packets, control: control))
    }

    deinit {
        state.pointee.free()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    package borrowing func protect(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        let tag = state.pointee.profile.tagLength
        guard length <= packet.count - tag else { throw .noRoom }
        let header = try OpenSSLState.measure(packet, length)
        let slot = try state.pointee.slot(for: header.ssrc)
        let index = state.pointee.sources[slot].index(of: header.sequence)
        guard index < SRTPSource.indexLimit else { throw .keyExhausted }
        guard state.pointee.sources[slot].packets.accepts(index) else { throw .replayed }
        let vector = state.pointee.packets.vector(header.ssrc, index)
        let bytes = packet.baseAddress.unsafelyUnwrapped
        if state.pointee.profile.isAEAD {
            try state.pointee.packets.seal(bytes, header.length, length - header.length, vector, tag: bytes + length)
        } else {
            try state.pointee.packets.crypt(bytes + header.length, length - header.length, vector)
            state.pointee.packets.authenticate(bytes, length, rollOver: UInt32(truncatingIfNeeded: index >> 16))
            state.pointee.packets.copyTag(tag, to: bytes + length)
        }
        state.pointee.keep(slot)
        state.pointee.sources[slot].packets.accept(index)
        return length + tag
    }

    package borrowing func unprotect(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        let tag = state.pointee.profile.tagLength
        let plain = length - tag
        guard plain > 0, length <= packet.count else { throw .malformed }
        let header = try OpenSSLState.measure(packet, plain)
        let slot = try state.pointee.slot(for: header.ssrc)
        let index = state.pointee.sources[slot].index(of: header.sequence)
        guard index < SRTPSource.indexLimit else { throw .keyExhausted }
        guard state.pointee.sources[slot].packets.accepts(index) else { throw .replayed }
        let vector = state.pointee.packets.vector(header.ssrc, index)
        let bytes = packet.baseAddress.unsafelyUnwrapped
        if state.pointee.profile.isAEAD {
            try state.pointee.packets.open(bytes, header.length, plain - header.length, vector, tag: bytes + plain)
        } else {
            state.pointee.packets.authenticate(bytes, plain, rollOver: UInt32(truncatingIfNeeded: index >> 16))
            guard state.pointee.packets.tagEquals(bytes + plain, tag) else { throw .authenticationFailed }
            try state.pointee.packets.crypt(bytes + header.length, plain - header.length, vector)
        }
        state.pointee.keep(slot)
        state.pointee.sources[slot].packets.accept(index)
        return plain
    }
}

extension OpenSSLSRTP {
    func prefetch() { tandem_prefetch(state, UInt32(OpenSSLState.sizeForPackets)) }

    func prefetchFurther() {
        state.pointee.packets.prefetch()
        tandem_prefetch(state.pointee.sources, UInt32(MemoryLayout<SRTPSource>.size))
    }
}

// SRTCP (RFC 3711 section 3.4): the first eight bytes are clear, the index travels in the packet.
extension OpenSSLSRTP {
    private static let clear = 8
    private static let encryptedFlag: UInt32 = 0x8000_0000

    package borrowing func protectControl(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        let profile = state.pointee.profile
        guard length >= Self.clear, length <= packet.count, packet[0] >> 6 == 2 else { throw .malformed }
        guard length <= packet.count - profile.controlTrailerLength else { throw .noRoom }
        let ssrc = UnsafeRawBufferPointer(packet).bigEndian32(at: 4)
        let slot = try state.pointee.slot(for: ssrc)
        let index = state.pointee.sources[slot].nextControlIndex
        guard index < SRTPSource.controlIndexLimit else { throw .keyExhausted }
        let vector = state.pointee.control.vector(ssrc, index)
        let word = Self.encryptedFlag | UInt32(truncatingIfNeeded: index)
        let bytes = packet.baseAddress.unsafelyUnwrapped
        if profile.isAEAD {
            try state.pointee.control.seal(
                bytes, Self.clear, length - Self.clear, vector, trailer: word, tag: bytes + length)
            packet.storeBigEndian(word, at: length + profile.controlTagLength)
        } else {
            try state.pointee.control.crypt(bytes + Self.clear, length - Self.clear, vector)
            packet.storeBigEndian(word, at: length)
            state.pointee.control.authenticate(bytes, length + 4, rollOver: nil)
            state.pointee.control.copyTag(profile.controlTagLength, to: bytes + length + 4)
        }
        state.pointee.keep(slot)
        state.pointee.sources[slot].nextControlIndex = index + 1
        return length + profile.controlTrailerLength
    }

    package borrowing func unprotectControl(
        _ packet: UnsafeMutableRawBufferPointer, length: Int
    ) throws(SRTPError) -> Int {
        let profile = state.pointee.profile
        let plain = length - profile.controlTrailerLength
        guard plain >= Self.clear, length <= packet.count, packet[0] >> 6 == 2 else { throw .malformed }
        let wordOffset = profile.isAEAD ? length - 4 : plain
        let word = UnsafeRawBufferPointer(packet).bigEndian32(at: wordOffset)
        guard word & Self.encryptedFlag != 0 else { throw .malformed }
        let index = UInt64(word & ~Self.encryptedFlag)
        let ssrc = UnsafeRawBufferPointer(packet).bigEndian32(at: 4)
        let slot = try state.pointee.slot(for: ssrc)
        guard state.pointee.sources[slot].control.accepts(index) else { throw .replayed }
        let vector = state.pointee.control.vector(ssrc, index)
        let bytes = packet.baseAddress.unsafelyUnwrapped
        if profile.isAEAD {
            try state.pointee.control.open(
                bytes, Self.clear, plain - Self.clear, vector, trailer: word, tag: bytes + plain)
        } else {
            state.pointee.control.authenticate(bytes, plain + 4, rollOver: nil)
            guard state.pointee.control.tagEquals(bytes + plain + 4, profile.controlTagLength) else {
                throw .authenticationFailed
            }
            try state.pointee.control.crypt(bytes + Self.clear, plain - Self.clear, vector)
        }
        state.pointee.keep(slot)
        state.pointee.sources[slot].control.accept(index)
        return plain
    }
}

/// The block behind `OpenSSLSRTP`.
///
/// What every packet needs stands together, at the beginning.
struct OpenSSLState {
    let profile: ProtectionProfile
    private var known = 0
    /// The known sources first, then a place where the next is tried; `SRTPLimits.sources` places in all.
    let sources: UnsafeMutablePointer<SRTPSource>
    var packets: OpenSSLCipher
    var control: OpenSSLCipher

    static let sizeForPackets = MemoryLayout<OpenSSLState>.size - MemoryLayout<OpenSSLCipher>.size

    init(profile: ProtectionProfile, packets: OpenSSLCipher, control: OpenSSLCipher) {
        (self.profile, self.packets, self.control) = (profile, packets, control)
        sources = .allocate(capacity: SRTPLimits.sources)
        sources.initialize(repeating: SRTPSource(ssrc: 0), count: SRTPLimits.sources)
    }

    /// To be called exactly once, by the owner.
    func free() {
        packets.free()
        control.free()
        sources.deallocate()
    }

    /// The source's place; for an unknown one a fresh place that `keep` makes known once the packet is authentic.
    mutating func slot(for ssrc: UInt32) throws(SRTPError) -> Int {
        for slot in 0..<known where sources[slot].ssrc == ssrc { return slot }
        guard known < SRTPLimits.sources else { throw .tooManySources }
        sources[known] = SRTPSource(ssrc: ssrc)
        return known
    }

    mutating func keep(_ slot: Int) {
        guard slot == known else { return }
        known += 1
    }

    /// Reads what SRTP needs of an RTP header that fits into `length` bytes.
    @inline(__always)
    static func measure(
        _ packet: UnsafeMutableRawBufferPointer, _ length: Int
    ) throws(SRTPError) -> (length: Int, ssrc: UInt32, sequence: UInt16) {
        let bytes = UnsafeRawBufferPointer(packet)
        guard length >= RTPHeader.size, length <= bytes.count, bytes[0] >> 6 == 2 else { throw .malformed }
        var header = RTPHeader.size + Int(bytes[0] & 0x0F) * 4
        if bytes[0] & 0x10 != 0 {
            guard header + 4 <= length else { throw .malformed }
            header += 4 + Int(bytes.bigEndian16(at: header + 2)) * 4
        }
        guard header <= length else { throw .malformed }
        return (header, bytes.bigEndian32(at: 8), bytes.bigEndian16(at: 2))
    }
}
