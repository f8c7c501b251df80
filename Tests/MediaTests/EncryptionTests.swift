import Media
import RTP
import SDP
import Testing
import Wire

private let voice = [UInt8](repeating: 0x77, count: 160)

extension MediaTests {
    struct EncryptionTests {
        @Test(arguments: CryptoSuite.allCases, [SRTPEngineKind.openssl, .libsrtp2])
        func `a phone with keys and a plain one hear each other`(suite: CryptoSuite, engine: SRTPEngineKind) throws {
            let rig = try MediaRig { $0.engine = engine }
            let (alice, bob) = (try SecurePhone(rig, makeKeys(suite, seed: 1)), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1, 2, 3])
            #expect(try #require(bob.receive()).payload == [1, 2, 3])
            for number in UInt8(0)..<5 {
                bob.send([number])
                #expect(try #require(alice.receive()).payload == [number])
            }
            #expect(rig.hears(.connected(first)))
            #expect(rig.counter(.srtpFailures) == 0)
        }

        @Test func `nothing latches, passes or ends the call before it is authenticated`() throws {
            let rig = try MediaRig()
            let keys = makeKeys(.aesCM128HMACSHA1_80, seed: 2)
            let (alice, bob) = (try SecurePhone(rig, keys), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            // From the phone's own host, so that only the key tells them apart.
            let forger = try TestSocket(.loopbackIPv4)
            var forged = TestStream(ssrc: 9, sequence: 1, timestamp: 1)
            for _ in 0..<200 { forger.send(forged.next(voice), to: alice.phone.gateway) }
            try rig.wait(.srtpFailures, toReach: 200, of: first)
            #expect(!rig.hasHeard { $0 == .connected(first) })
            alice.send([5])
            #expect(try #require(bob.receive()).payload == [5])
            #expect(rig.hears(.connected(first)))
            let figures = try rig.statistics(of: first)
            #expect(figures.remoteAddress == alice.phone.rtp.address)
            #expect(figures.packetsReceived == 1)
            #expect(figures.srtpFailures.authentication == 200)
        }

        @Test func `what is replayed is heard once`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try SecurePhone(rig, makeKeys(.aeadAES128GCM, seed: 3)), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1])
            _ = try #require(bob.receive())
            let before = alice.phone.stream
            alice.send([2])
            _ = try #require(bob.receive())
            // A fresh engine with the same key seals the same number again.
            alice.phone.stream = before
            try alice.rekey(alice.keys.receive, announced: false)
            alice.send([2])
            try rig.wait(.srtpFailures, toReach: 1, of: first)
            #expect(try rig.statistics(of: first).packetsReceived == 2)
        }

        @Test func `another key of the peer opens what comes after it, and ours stays`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try SecurePhone(rig, makeKeys(.aeadAES256GCM, seed: 4)), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1])
            _ = try #require(bob.receive())
            bob.send([2])
            _ = try #require(alice.receive())
            var entropy = Entropy(seed: 44)
            try alice.rekey(makeKey(.aeadAES256GCM, &entropy), announced: false)
            alice.send([3])
            try rig.wait(.srtpFailures, toReach: 1, of: first)
            try alice.rekey(makeKey(.aeadAES256GCM, &entropy))
            alice.send([4])
            #expect(try #require(bob.receive()).payload == [4])
            bob.send([5])
            #expect(try #require(alice.receive()).payload == [5])
        }

        @Test func `a sequence number may roll over under one key, through another description`() throws {
            let rig = try MediaRig()
            let keys = makeKeys(.aesCM128HMACSHA1_32, seed: 5)
            let (alice, bob) = (try SecurePhone(rig, keys), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.phone.stream.sequence = 65_530
            for number in UInt8(0)..<20 {
                if number == 12 { alice.phone.describe(encrypted(keys)) }
                alice.send([number])
                #expect(try #require(bob.receive()).payload == [number])
            }
        }

        @Test func `reports are encrypted, too`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try SecurePhone(rig, makeKeys(.aesCM128HMACSHA1_80, seed: 6)), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send(voice)
            _ = try #require(bob.receive())
            bob.send(voice)
            let ssrc = try #require(alice.receive()).header.ssrc
            alice.sendReport(Self.receiverReport(about: ssrc, lost: 7))
            var figures = try rig.statistics(of: first)
            for _ in 0..<1000 where figures.remote == nil { figures = try rig.statistics(of: first) }
            #expect(figures.remote?.packetsLost == 7)
            rig.on { $0.close(first) }
            let farewell = try #require(alice.receiveReport())
            #expect(farewell[1] == 200)
        }

        /// A receiver report with one block.
        private static func receiverReport(about ssrc: UInt32, lost: UInt8) -> [UInt8] {
            var bytes: [UInt8] = [0x81, 201, 0, 7, 0, 0, 0, 1]
            for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: ssrc >> shift)) }
            return bytes + [0, 0, 0, lost] + [UInt8](repeating: 0, count: 16)
        }

        @Test func `keys that are withdrawn leave plain RTP`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try SecurePhone(rig, makeKeys(.aeadAES128GCM, seed: 7)), try Phone(rig))
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.phone.describe(audio())
            alice.phone.send([1])
            #expect(try #require(bob.receive()).payload == [1])
            bob.send([2])
            #expect(try #require(alice.phone.receive()).payload == [2])
        }
    }

    struct FamilyTests {
        /// Whether the machine has `::1`.
        static let hasIPv6 = (try? TestSocket(.loopbackIPv6)) != nil

        private func makeRig() throws -> MediaRig {
            try MediaRig { $0.advertisedAddresses = [.loopbackIPv4, .loopbackIPv6] }
        }

        @Test(.enabled(if: hasIPv6)) func `an IPv4 and an IPv6 phone hear each other`() throws {
            let rig = try makeRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig, ip: .loopbackIPv6))
            let (first, second) = (alice.id, bob.id)
            #expect(alice.gateway.ip == .loopbackIPv4 && bob.gateway.ip == .loopbackIPv6)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1, 2])
            #expect(try #require(bob.receive()).payload == [1, 2])
            bob.send([3, 4])
            #expect(try #require(alice.receive()).payload == [3, 4])
            #expect(try rig.statistics(of: second).remoteAddress == bob.rtp.address)
            rig.on { $0.close(second) }
            #expect(bob.rtcp.receive() != nil)
        }

        @Test(.enabled(if: hasIPv6)) func `keys work over IPv6`() throws {
            let rig = try makeRig()
            let alice = try SecurePhone(rig, makeKeys(.aeadAES128GCM, seed: 8), ip: .loopbackIPv6)
            let bob = try Phone(rig)
            let (first, second) = (alice.phone.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1, 2])
            #expect(try #require(bob.receive()).payload == [1, 2])
            bob.send([3, 4])
            #expect(try #require(alice.receive()).payload == [3, 4])
        }

        @Test(.enabled(if: hasIPv6)) func `browsers come by either family where both are spoken`() throws {
            let rig = try MediaRig {
                $0.bindAddress = .anyIPv4
                $0.advertisedAddresses = [.loopbackIPv4, .loopbackIPv6]
            }
            #expect(try rig.openBrowser(rig.makeID()).candidates.map(\.ip) == [.loopbackIPv4, .loopbackIPv6])
            for ip in [IPAddress.loopbackIPv4, .loopbackIPv6] {
                let (browser, phone) = (try BrowserPeer(rig, socket: try TestSocket(ip)), try Phone(rig))
                try browser.connect()
                let (first, second) = (browser.id, phone.id)
                rig.on { $0.bridge(first, second) }
                try rig.settle(first)
                phone.send([1, 2])
                #expect(try #require(browser.receive()).payload == [1, 2])
                #expect(try rig.statistics(of: first).remoteAddress?.ip == ip)
            }
        }

        @Test func `browsers are not sent to a family that nobody listens on`() throws {
            let rig = try MediaRig { $0.advertisedAddresses = [.loopbackIPv4, .loopbackIPv6] }
            #expect(try rig.openBrowser(rig.makeID()).candidates.map(\.ip) == [.loopbackIPv4])
        }

        @Test func `a family without an address of ours is refused`() throws {
            let rig = try MediaRig()
            let id = rig.makeID()
            #expect(throws: MediaError.noAddress(.ipv6)) { try rig.openSIP(id, family: .ipv6) }
            #expect(rig.on { $0.openLegs } == 0)
        }

        @Test func `an IPv4 leg sends nothing to an IPv6 address`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            bob.describe(audio(), rtp: SocketAddress(ip: try #require(IPAddress("2001:db8::7f00:1")), port: 9))
            alice.send([1])
            try rig.wait(.sipPacketsReceived, toReach: 1, of: first)
            #expect(try rig.statistics(of: second).packetsSent == 0)
        }
    }
}
