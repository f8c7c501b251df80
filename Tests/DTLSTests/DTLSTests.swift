import Crypto
import DTLS
import Testing
import Wire

struct DTLSTests {
    @Test func `a handshake gives both sides the same keys, mirrored`() throws {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext())
        pair.pump()
        let client = try #require(pair.client.keys)
        let server = try #require(pair.server.keys)
        #expect(client.send == server.receive)
        #expect(client.receive == server.send)
        #expect(client.send != client.receive)
        #expect(pair.deadlines == (.never, .never))
    }

    @Test(arguments: SRTPProfile.allCases)
    func `each profile brings keys of its sizes`(profile: SRTPProfile) throws {
        let pair = try DTLSPair(clientContext: makeContext(profiles: [profile]), serverContext: makeContext())
        pair.pump()
        let keys = try #require(pair.server.keys)
        #expect(keys.profile == profile)
        #expect(keys.send.key.count == profile.keyLength)
        #expect(keys.send.salt.count == profile.saltLength)
    }

    @Test func `the server's preference decides between common profiles`() throws {
        let reversed = try makeContext(profiles: [.aes128CMHMACSHA1Tag80, .aeadAES128GCM])
        let pair = try DTLSPair(clientContext: reversed, serverContext: makeContext())
        pair.pump()
        #expect(pair.server.keys?.profile == .aeadAES128GCM)
    }

    @Test func `no common profile is a failure on both sides`() throws {
        let pair = try DTLSPair(
            clientContext: makeContext(profiles: [.aes128CMHMACSHA1Tag80]),
            serverContext: makeContext(profiles: [.aeadAES128GCM]))
        pair.pump()
        #expect(pair.server.failure == .noSRTPProfile)
        #expect(pair.client.failure == .noSRTPProfile)
    }

    @Test func `a client that is not the announced one is refused with an alert`() throws {
        let stranger = try makeContext().fingerprint
        let pair = try DTLSPair(
            clientContext: makeContext(), serverContext: makeContext(), serverExpects: [stranger])
        pair.pump()
        #expect(pair.server.failure == .fingerprintMismatch)
        #expect(pair.client.failure == .refusedByPeer(alert: 42))
        #expect(pair.client.keys == nil && pair.server.keys == nil)
    }

    @Test func `a server that is not the announced one is refused with an alert`() throws {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext(), clientExpects: [])
        pair.pump()
        #expect(pair.client.failure == .fingerprintMismatch)
        #expect(pair.server.failure == .refusedByPeer(alert: 42))
    }

    @Test(arguments: Fingerprint.Algorithm.allCases)
    func `fingerprints by other hashes are checked too`(algorithm: Fingerprint.Algorithm) throws {
        let certificate = try Certificate.selfSigned(commonName: "x", now: WallTime(milliseconds: 0))
        let pair = try DTLSPair(
            clientContext: DTLSContext(certificate: certificate), serverContext: makeContext(),
            serverExpects: [certificate.fingerprint(algorithm)])
        pair.pump()
        #expect(pair.server.keys != nil)
    }

    @Test func `datagrams keep to the MTU`() throws {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext())
        var sizes: [Int] = []
        pair.filter = { _, _, datagram in
            sizes.append(datagram.count)
            return [datagram]
        }
        pair.pump()
        #expect(pair.isDone)
        #expect((sizes.max() ?? 0) <= 1200)
    }

    @Test func `close_notify reaches the other side`() throws {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext())
        pair.pump()
        pair.close(.client)
        pair.pump()
        #expect(pair.server.isClosed)
    }

    @Test func `a silent peer times out`() throws {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext())
        pair.expire(at: .zero + .seconds(31))
        #expect(pair.client.failure == .timedOut)
        #expect(pair.server.failure == .timedOut)
        #expect(pair.deadlines == (.never, .never))
    }
}

/// Losses and noise; the retransmission clock is OpenSSL's own, so these wait for it, a few milliseconds at a time.
struct DTLSBadNetworkTests {
    private func pair() throws -> DTLSPair {
        let interval = Duration.milliseconds(20)
        return try DTLSPair(
            clientContext: makeContext(retransmission: interval), serverContext: makeContext(retransmission: interval))
    }

    @Test(arguments: [DTLSPair.Side.client, .server], 0..<6)
    func `any one lost datagram is repeated`(side: DTLSPair.Side, lost: Int) throws {
        let pair = try pair()
        pair.filter = { from, number, datagram in from == side && number == lost ? [] : [datagram] }
        pair.pumpWithTimers()
        #expect(pair.isDone)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a third of all datagrams may be lost, doubled or swapped`(seed: UInt64) throws {
        let pair = try pair()
        var entropy = Entropy(seed: seed)
        var held: [DTLSPair.Side: [UInt8]] = [:]
        pair.filter = { side, _, datagram in
            switch Int.random(in: 0..<9, using: &entropy) {
            case 0: return []
            case 1: return [datagram, datagram]
            case 2:
                defer { held[side] = datagram }
                return held[side].map { [$0] } ?? []
            default:
                defer { held[side] = nil }
                return [datagram] + (held[side].map { [$0] } ?? [])
            }
        }
        pair.pumpWithTimers()
        #expect(pair.isDone, "seed \(seed)")
    }

    @Test func `the last flight is repeated for a client that missed it`() throws {
        let pair = try pair()
        var lost = 0
        pair.filter = { [unowned pair] side, _, datagram in
            guard side == .server, pair.server.keys != nil, lost < 2 else { return [datagram] }
            lost += 1
            return []
        }
        pair.pumpWithTimers()
        #expect(lost == 2)
        #expect(pair.isDone)
    }

    @Test func `garbage does not disturb a handshake`() throws {
        let pair = try pair()
        let seed = UInt64.random(in: 0...UInt64.max)
        var entropy = Entropy(seed: seed)
        for _ in 0..<500 {
            var noise = entropy.bytes(Int.random(in: 14...1500, using: &entropy))
            noise[0] = .random(in: 20...63, using: &entropy)
            // Anything but a well-formed handshake or alert in the clear, which only an ICE-validated peer can send.
            if Bool.random(using: &entropy) { (noise[1], noise[2], noise[3]) = (0xFE, 0xFD, 9) }
            pair.inject(noise, to: .server)
            pair.inject(noise, to: .client)
        }
        pair.pumpWithTimers()
        #expect(pair.isDone, "seed \(seed)")
    }

    @Test func `changed datagrams neither trap nor give keys to a stranger`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var entropy = Entropy(seed: seed)
        for _ in 0..<40 {
            let pair = try pair()
            pair.filter = { _, _, datagram in
                var changed = datagram
                let index = Int.random(in: 0..<changed.count, using: &entropy)
                if Int.random(in: 0..<3, using: &entropy) == 0 {
                    changed[index] ^= UInt8.random(in: 1...255, using: &entropy)
                }
                return [changed]
            }
            pair.pump()
            if let client = pair.client.keys, let server = pair.server.keys {
                #expect(client.send == server.receive, "seed \(seed)")
            }
        }
    }
}
