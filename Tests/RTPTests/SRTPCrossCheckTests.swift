import Foundation
import RTP
import Testing
import Wire

/// Both engines fed with the same packets must answer the same, byte for byte and refusal for refusal.
struct SRTPCrossCheckTests {
    /// 1,000,000 in the long run: `SRTP_CROSS_CHECK=1000000`.
    private static let rounds = ProcessInfo.processInfo.environment["SRTP_CROSS_CHECK"].flatMap(Int.init) ?? 20_000

    private enum Outcome: Equatable {
        case bytes([UInt8])
        case refused(SRTPError)
    }

    private final class Line {
        var entropy: Entropy
        let ours: SRTPSession
        let reference: SRTPSession
        let oursInbound: SRTPSession
        let referenceInbound: SRTPSession
        var sequences: [UInt32]
        /// Protected packets that may still come late, or again.
        var flying: [[UInt8]] = []

        init(_ profile: ProtectionProfile, _ entropy: Entropy) throws {
            self.entropy = entropy
            let key = SRTPMasterKey(
                key: self.entropy.bytes(profile.keyLength), salt: self.entropy.bytes(profile.saltLength))
            ours = try SRTPSession(.openssl, profile, key, .outbound)
            reference = try SRTPSession(.libsrtp2, profile, key, .outbound)
            oursInbound = try SRTPSession(.openssl, profile, key, .inbound)
            referenceInbound = try SRTPSession(.libsrtp2, profile, key, .inbound)
            sequences = [65_000, 10, 32_700]
        }

        /// Sends one packet of a random source, mostly the next, sometimes far ahead, late or with a used number.
        func send() {
            let source = Int.random(in: 0..<sequences.count, using: &entropy)
            switch Int.random(in: 0..<100, using: &entropy) {
            case 0..<90: sequences[source] &+= 1
            case 90..<96: sequences[source] &+= UInt32.random(in: 2...200, using: &entropy)
            case 96..<97: sequences[source] &+= UInt32.random(in: 200...30_000, using: &entropy)
            default: break
            }
            let back = Int.random(in: 0..<50, using: &entropy) == 0 ? UInt32.random(in: 1...200, using: &entropy) : 0
            let plain = packet(
                sequence: UInt16(truncatingIfNeeded: sequences[source] &- back), timestamp: UInt32(source),
                ssrc: UInt32(source) &* 0x0101_0101 &+ 5,
                payload: entropy.bytes(Int.random(in: 0...200, using: &entropy)))
            let mine = Self.run(plain) { bytes, length throws(SRTPError) in try ours.protect(bytes, length: length) }
            let theirs = Self.run(plain) { bytes, length throws(SRTPError) in
                try reference.protect(bytes, length: length)
            }
            #expect(mine == theirs)
            if case .bytes(let protected) = mine { flying.append(protected) }
        }

        /// Delivers one flying packet to both receivers, sometimes twice, sometimes forged.
        func deliver() {
            guard !flying.isEmpty else { return }
            let index = Int.random(in: 0..<flying.count, using: &entropy)
            var bytes = flying[index]
            if Int.random(in: 0..<10, using: &entropy) > 0 {
                flying.swapAt(index, flying.count - 1)
                flying.removeLast()
            }
            if Int.random(in: 0..<20, using: &entropy) == 0 {
                bytes[Int.random(in: 2..<bytes.count, using: &entropy)] ^= 1 << UInt8.random(in: 0..<8, using: &entropy)
            }
            let mine = Self.run(bytes) { bytes, length throws(SRTPError) in
                try oursInbound.unprotect(bytes, length: length)
            }
            let theirs = Self.run(bytes) { bytes, length throws(SRTPError) in
                try referenceInbound.unprotect(bytes, length: length)
            }
            #expect(mine == theirs)
        }

        func exchangeControl() {
            let plain = hex("80c80006 00000005") + entropy.bytes(20)
            let mine = Self.run(plain) { bytes, length throws(SRTPError) in
                try ours.protectControl(bytes, length: length)
            }
            let theirs = Self.run(plain) { bytes, length throws(SRTPError) in
                try reference.protectControl(bytes, length: length)
            }
            #expect(mine == theirs)
            guard case .bytes(let protected) = mine else { return }
            for _ in 0..<2 {
                let opened = Self.run(protected) { bytes, length throws(SRTPError) in
                    try oursInbound.unprotectControl(bytes, length: length)
                }
                let reference = Self.run(protected) { bytes, length throws(SRTPError) in
                    try referenceInbound.unprotectControl(bytes, length: length)
                }
                #expect(opened == reference)
            }
        }

        private static func run(
            _ contents: [UInt8], _ operation: (UnsafeMutableRawBufferPointer, Int) throws(SRTPError) -> Int
        ) -> Outcome {
            var buffer = PacketBuffer(contents, capacity: 512)
            do {
                buffer.length = try operation(buffer.bytes, buffer.length)
                return .bytes(buffer.contents)
            } catch { return .refused(error) }
        }
    }

    @Test(arguments: ProtectionProfile.allCases)
    func `random packets fare alike in both engines`(profile: ProtectionProfile) throws {
        let seed = UInt64.random(in: 1...(.max))
        print("SRTP cross-check of \(Self.rounds) packets, \(profile), seed \(seed)")
        let line = try Line(profile, Entropy(seed: seed))
        for round in 0..<Self.rounds {
            line.send()
            if line.flying.count > 20 { line.deliver() }
            if line.flying.count > 60 { line.deliver() }
            if round % 50 == 0 { line.exchangeControl() }
        }
    }
}
