import Media
import RTP
import SDP
import Testing
import Wire

extension MediaTests {
    /// What strangers and rogue peers try.
    struct GuardTests {
        @Test func `a browser leg cannot be pointed at an address by a description without ICE`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            let victim = try TestSocket(IPAddress(v4: 0x7F00_0912))
            let (id, before) = (browser.id, rig.counter(.refused))
            let address = victim.address
            rig.on {
                $0.configure(id, .sip(rtp: address, rtcp: address, mux: true, stream: audio(.pcma, type: 8)))
                $0.play(.echo, to: id)
            }
            try rig.settle(id)
            #expect(rig.counter(.refused) - before == 1)
            browser.send([1, 2, 3])
            #expect(try #require(browser.receive()).payload == [1, 2, 3])
            #expect(victim.receive(milliseconds: 0) == nil)
        }

        @Test func `a SIP leg keeps its peer and its format when a description is a browser's`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let (id, before) = (phone.id, rig.counter(.refused))
            rig.on {
                $0.configure(
                    id,
                    .browser(
                        usernameFragment: "ufrag", password: "password", fingerprints: [], setup: .active,
                        stream: audio(.pcma, type: 8)))
                $0.play(.echo, to: id)
            }
            try rig.settle(id)
            #expect(rig.counter(.refused) - before == 1)
            phone.send([1, 2, 3])
            #expect(try #require(phone.receive()).payload == [1, 2, 3])
        }

        @Test func `a page cannot take the address another page's media comes from`() throws {
            let rig = try MediaRig()
            let (alice, phone) = (try BrowserPeer(rig), try Phone(rig))
            try alice.connect()
            let (first, second) = (alice.id, phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            // The same address, which only a forger of sources can have while Alice is there.
            let mallory = try BrowserPeer(rig, call: 1, seed: 99, socket: alice.socket)
            for _ in 0..<4 { mallory.pump(milliseconds: 20) }
            try rig.settle(mallory.id)
            alice.send([7, 7])
            #expect(try #require(phone.receive(milliseconds: 1000)).payload == [7, 7])
            #expect(try rig.statistics(of: mallory.id).srtpFailures.total == 0)
        }

        @Test func `a page gets its address as soon as the leg that had it is closed`() throws {
            let rig = try MediaRig()
            let gone = try BrowserPeer(rig)
            try gone.connect()
            let back = try BrowserPeer(rig, seed: 99, socket: gone.socket)
            for _ in 0..<4 { back.pump(milliseconds: 20) }
            #expect(!rig.hasHeard { $0 == .connected(back.id) })
            let id = gone.id
            rig.on { $0.close(id) }
            try back.connect()
        }
    }
}
