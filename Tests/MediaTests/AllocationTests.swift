import CAllocations
import Media
import RTP
import SDP
import Testing
import Wire

extension MediaTests {
    struct AllocationTests {
        /// Packets each way.
        private static let packets = 50_000
        private static let burst = 25

        @Test(.enabled(if: allocations_are_counted() != 0))
        func `a hundred thousand relayed packets cost no allocation`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            let phone = try Phone(rig)
            try browser.connect()
            let (first, second) = (browser.id, phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            let voice = [UInt8](repeating: 0x55, count: 160)
            try exchange(browser, phone, voice)
            allocations_watch("media-")
            for _ in 0..<Self.packets / Self.burst { try exchange(browser, phone, voice) }
            let allocations = allocations_stop()
            let figures = try rig.statistics(of: first)
            #expect(figures.packetsReceived + figures.packetsSent >= UInt64(2 * Self.packets))
            // Reports, connectivity checks and questions to the leg are no packets of a call and may allocate; there are
            // the more of them the longer a busy machine takes.
            #expect(allocations < UInt64(2 * Self.packets / 50))
            print("\(allocations) allocations on media threads in \(2 * Self.packets) packets")
        }

        @Test(.enabled(if: allocations_are_counted() != 0))
        func `packets between two phones with keys cost no allocation either`() throws {
            let rig = try MediaRig()
            let alice = try SecurePhone(rig, makeKeys(.aesCM128HMACSHA1_80, seed: 1))
            let bob = try SecurePhone(rig, makeKeys(.aeadAES256GCM, seed: 2))
            let (first, second) = (alice.phone.id, bob.phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            let voice = [UInt8](repeating: 0x55, count: 160)
            try exchange(alice, bob, voice)
            allocations_watch("media-")
            for _ in 0..<Self.packets / Self.burst / 5 { try exchange(alice, bob, voice) }
            let allocations = allocations_stop()
            let figures = try rig.statistics(of: first)
            #expect(figures.packetsReceived + figures.packetsSent >= UInt64(2 * Self.packets / 5))
            #expect(allocations < UInt64(2 * Self.packets / 5 / 50))
            print("\(allocations) allocations on media threads in \(2 * Self.packets / 5) packets under keys")
        }

        private func exchange(_ alice: SecurePhone, _ bob: SecurePhone, _ voice: [UInt8]) throws {
            for _ in 0..<Self.burst {
                alice.send(voice)
                bob.send(voice)
            }
            for _ in 0..<Self.burst {
                _ = try #require(alice.phone.rtp.receive())
                _ = try #require(bob.phone.rtp.receive())
            }
        }

        private func exchange(_ browser: BrowserPeer, _ phone: Phone, _ voice: [UInt8]) throws {
            for _ in 0..<Self.burst {
                browser.send(voice)
                phone.send(voice)
            }
            for _ in 0..<Self.burst {
                _ = try #require(phone.rtp.receive())
                _ = try #require(browser.receive())
            }
        }
    }
}
