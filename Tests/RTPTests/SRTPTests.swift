import RTP
import Testing
import Wire

private let allProfiles = ProtectionProfile.allCases
private let allEngines = SRTPEngineKind.allCases

/// A sender and a receiver that share a key.
private final class Pair {
    let sender: SRTPSession
    let receiver: SRTPSession

    init(_ kind: SRTPEngineKind, _ profile: ProtectionProfile) throws {
        let key = SRTPMasterKey(
            key: [UInt8](repeating: 0x11, count: profile.keyLength),
            salt: [UInt8](repeating: 0x22, count: profile.saltLength))
        sender = try SRTPSession(kind, profile, key, .outbound)
        receiver = try SRTPSession(kind, profile, key, .inbound)
    }

    func protect(_ plain: [UInt8]) throws -> [UInt8] {
        var buffer = PacketBuffer(plain)
        buffer.length = try sender.protect(buffer.bytes, length: buffer.length)
        return buffer.contents
    }

    func unprotect(_ protected: [UInt8]) throws -> [UInt8] {
        var buffer = PacketBuffer(protected)
        buffer.length = try receiver.unprotect(buffer.bytes, length: buffer.length)
        return buffer.contents
    }

    /// Why a packet is refused; nil when it is not.
    func refusal(_ protected: [UInt8]) -> SRTPError? {
        let buffer = PacketBuffer(protected)
        do {
            _ = try receiver.unprotect(buffer.bytes, length: buffer.length)
            return nil
        } catch { return error }
    }
}

struct SRTPTests {
    @Test(arguments: allEngines, allProfiles)
    func `what is protected opens again and grew by the tag`(kind: SRTPEngineKind, profile: ProtectionProfile) throws {
        let pair = try Pair(kind, profile)
        for sequence in UInt16(100)..<130 {
            let plain = packet(sequence: sequence)
            let protected = try pair.protect(plain)
            #expect(protected.count == plain.count + profile.tagLength)
            #expect(protected[..<12] == plain[..<12])
            #expect(protected[12..<plain.count] != plain[12...])
            #expect(try pair.unprotect(protected) == plain)
        }
    }

    @Test(arguments: allEngines, allProfiles)
    func `extension and sources stay readable and are authenticated`(
        kind: SRTPEngineKind, profile: ProtectionProfile
    ) throws {
        let pair = try Pair(kind, profile)
        let plain = hex("92 00 0001 00000002 00000003 aaaaaaaa bbbbbbbb bede 0001 01020304 c0ffee")
        let protected = try pair.protect(plain)
        #expect(protected[..<28] == plain[..<28])
        var forged = protected
        forged[24] ^= 1
        #expect(pair.refusal(forged) == .authenticationFailed)
        #expect(try pair.unprotect(protected) == plain)
    }

    @Test(arguments: allEngines, allProfiles)
    func `a replayed packet and one older than the window are refused`(
        kind: SRTPEngineKind, profile: ProtectionProfile
    ) throws {
        let pair = try Pair(kind, profile)
        var all: [[UInt8]] = []
        for sequence in UInt16(0)..<200 { all.append(try pair.protect(packet(sequence: sequence))) }
        for index in [0, 199, 72, 73] where index != 72 { _ = try pair.unprotect(all[index]) }
        #expect(pair.refusal(all[199]) == .replayed)
        #expect(pair.refusal(all[73]) == .replayed)
        #expect(pair.refusal(all[0]) == .replayed)
        #expect(pair.refusal(all[71]) == .replayed)
        #expect(pair.refusal(all[72]) == nil)
    }

    @Test(arguments: allEngines, allProfiles)
    func `the roll-over counter follows the wrap, late packets included`(
        kind: SRTPEngineKind, profile: ProtectionProfile
    ) throws {
        let pair = try Pair(kind, profile)
        var all: [[UInt8]] = []
        for number in 65_500..<65_600 {
            all.append(try pair.protect(packet(sequence: UInt16(truncatingIfNeeded: number))))
        }
        for index in [0, 35, 36, 34, 60, 33, 99] { _ = try pair.unprotect(all[index]) }
        #expect(pair.refusal(all[33]) == .replayed)
        #expect(pair.refusal(all[36]) == .replayed)
    }

    @Test(arguments: allEngines, allProfiles)
    func `forged packets change nothing`(kind: SRTPEngineKind, profile: ProtectionProfile) throws {
        let pair = try Pair(kind, profile)
        var entropy = Entropy(seed: 99)
        _ = try pair.unprotect(try pair.protect(packet(sequence: 1000)))
        for _ in 0..<2000 {
            // Other numbers far ahead, other sources and plain noise: each would move the window were it believed.
            let sequence = UInt16.random(in: 0...(.max), using: &entropy)
            let ssrc = Bool.random(using: &entropy) ? 0x1122_3344 : UInt32.random(in: 0...(.max), using: &entropy)
            let forged = packet(sequence: sequence, ssrc: ssrc, payload: entropy.bytes(170))
            #expect(pair.refusal(forged) != nil)
        }
        for sequence in UInt16(1001)..<1010 {
            #expect(pair.refusal(try pair.protect(packet(sequence: sequence))) == nil)
        }
    }

    @Test(arguments: allEngines, allProfiles)
    func `a sender refuses to use an index twice`(kind: SRTPEngineKind, profile: ProtectionProfile) throws {
        let pair = try Pair(kind, profile)
        _ = try pair.protect(packet(sequence: 7))
        #expect(throws: SRTPError.replayed) { try pair.protect(packet(sequence: 7, payload: [1, 2, 3])) }
    }

    @Test(arguments: allEngines, allProfiles)
    func `control packets open once, with their index`(kind: SRTPEngineKind, profile: ProtectionProfile) throws {
        let pair = try Pair(kind, profile)
        let plain = hex("80c80006 11223344 00000001 00000002 00000003 00000004 00000005")
        var copies: [[UInt8]] = []
        for _ in 0..<3 {
            var buffer = PacketBuffer(plain)
            buffer.length = try pair.sender.protectControl(buffer.bytes, length: buffer.length)
            #expect(buffer.length == plain.count + profile.controlTrailerLength)
            copies.append(buffer.contents)
        }
        #expect(Set(copies).count == 3)
        for copy in [copies[2], copies[0]] {
            var buffer = PacketBuffer(copy)
            buffer.length = try pair.receiver.unprotectControl(buffer.bytes, length: buffer.length)
            #expect(buffer.contents == plain)
            let again = PacketBuffer(copy)
            #expect(throws: SRTPError.replayed) {
                _ = try pair.receiver.unprotectControl(again.bytes, length: copy.count)
            }
        }
        var forged = copies[1]
        forged[10] ^= 0x80
        let buffer = PacketBuffer(forged)
        #expect(throws: SRTPError.authenticationFailed) {
            _ = try pair.receiver.unprotectControl(buffer.bytes, length: forged.count)
        }
    }

    @Test(arguments: allEngines, allProfiles)
    func `short, truncated and foreign bytes are malformed`(kind: SRTPEngineKind, profile: ProtectionProfile) throws {
        let pair = try Pair(kind, profile)
        let protected = try pair.protect(packet(sequence: 1, payload: [1, 2, 3, 4]))
        for length in 0..<protected.count { #expect(pair.refusal(Array(protected[..<length])) != nil) }
        for length in 0..<20 {
            let buffer = PacketBuffer([UInt8](repeating: 0x80, count: length), capacity: 64)
            #expect(throws: SRTPError.self) { _ = try pair.receiver.unprotectControl(buffer.bytes, length: length) }
        }
        #expect(pair.refusal(protected) == nil)
    }

    @Test(arguments: allEngines, allProfiles)
    func `a full buffer is left as it is`(kind: SRTPEngineKind, profile: ProtectionProfile) throws {
        let pair = try Pair(kind, profile)
        let plain = packet(sequence: 1)
        let buffer = PacketBuffer(plain, capacity: plain.count + profile.tagLength - 1)
        #expect(throws: SRTPError.noRoom) { _ = try pair.sender.protect(buffer.bytes, length: plain.count) }
        #expect(buffer.contents == plain)
    }

    @Test func `the number of sources is bounded`() throws {
        let pair = try Pair(.openssl, .aeadAES128GCM)
        let other = try Pair(.libsrtp2, .aeadAES128GCM)
        for ssrc in 0..<UInt32(SRTPLimits.sources) {
            _ = try pair.unprotect(try other.protect(packet(sequence: 1, ssrc: ssrc)))
        }
        #expect(pair.refusal(try other.protect(packet(sequence: 1, ssrc: 1000))) == .tooManySources)
        #expect(pair.refusal(try other.protect(packet(sequence: 2, ssrc: 3))) == nil)
    }
}
