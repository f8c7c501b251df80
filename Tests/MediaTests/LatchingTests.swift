import Media
import RTP
import SDP
import Testing
import Wire

private let voice = [UInt8](repeating: 0x77, count: 160)

extension MediaTests {
    struct LatchingTests {
        @Test func `a third host injects nothing and gets nothing, before and after the latch`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let stranger = try TestSocket(IPAddress(v4: 0x7F00_0902))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            var forged = TestStream(ssrc: 666, sequence: 1, timestamp: 1)
            for _ in 0..<10 { stranger.send(forged.next(voice), to: alice.gateway) }
            try rig.settle(alice.id)
            #expect(!rig.hasHeard { $0 == .connected(first) })
            #expect(alice.latch())
            _ = bob.receive()
            for _ in 0..<10 { stranger.send(forged.next(voice), to: alice.gateway) }
            alice.send([1, 2, 3])
            bob.send([4, 5, 6])
            #expect(try #require(bob.receive()).payload == [1, 2, 3])
            #expect(try #require(alice.receive()).payload == [4, 5, 6])
            #expect(stranger.receive(milliseconds: 0) == nil)
            let figures = try rig.statistics(of: alice.id)
            #expect(figures.packetsRefused == 10)
            #expect(figures.packetsReceived == 2)
        }

        @Test func `the next leg on the same sockets, at another worker, hears its own peer and not the one before`()
            throws
        {
            let rig = try MediaRig {
                $0.workers = 2
                $0.rtpPorts = 14_400...14_401
                $0.portRest = .milliseconds(100)
            }
            let before = try Phone(rig, call: 1)
            #expect(before.latch())
            let id = before.id
            rig.on { $0.close(id) }
            #expect(rig.event { if case .closed(id, _) = $0 { true } else { nil } } == true)
            before.send(voice)
            var next: Phone?
            for _ in 0..<10_000 where next == nil {
                next = try? Phone(rig, ip: IPAddress(v4: 0x7F00_0004), call: 2)
                before.send(voice)
            }
            let phone = try #require(next)
            #expect(phone.gateway == before.gateway)
            before.send(voice)
            #expect(phone.latch())
            before.send(voice)
            phone.send(voice)
            try rig.wait(.sipPacketsReceived, toReach: 3, of: phone.id)
            let figures = try rig.statistics(of: phone.id)
            #expect(figures.remoteAddress == phone.rtp.address && figures.packetsReceived == 2)
        }

        /// Linux goes on to compare senders with the peer that a socket of IPv6 had.
        @Test func `a leg of IPv6 whose peer moves hears it at its next address`() throws {
            let rig = try MediaRig {
                $0.bindAddress = .anyIPv4
                $0.advertisedAddresses = [.loopbackIPv6]
            }
            let (phone, before) = (try Phone(rig, ip: .loopbackIPv6), try TestSocket(.loopbackIPv4))
            phone.describe(audio(), rtp: before.address)
            before.send(
                phone.stream.next(voice), to: SocketAddress(ip: .loopbackIPv4, port: phone.gateway.port))
            #expect(rig.hears(.connected(phone.id)))
            phone.describe(audio())
            phone.send(voice)
            try rig.wait(.sipPacketsReceived, toReach: 2, of: phone.id)
            #expect(try rig.statistics(of: phone.id).remoteAddress == phone.rtp.address)
        }

        @Test func `what strangers sent before the latch is thrown away with it`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let stranger = try TestSocket(IPAddress(v4: 0x7F00_0903))
            var forged = TestStream(ssrc: 666, sequence: 1, timestamp: 1)
            // Both are in the socket's queue when the worker looks at it.
            for _ in 0..<100 {
                stranger.send(forged.next(voice), to: phone.gateway)
                phone.send(voice)
            }
            #expect(rig.hears(.connected(phone.id)))
            let figures = try rig.statistics(of: phone.id)
            #expect(figures.packetsReceived <= 100)
            #expect(figures.remoteAddress == phone.rtp.address)
        }

        @Test(arguments: [0, 1601])
        func `a datagram that is no packet shields nothing queued behind it when the leg latches`(size: Int) throws {
            let (phone, stranger) = (try TestSocket(.loopbackIPv4), try TestSocket(IPAddress(v4: 0x7F00_0911)))
            var worker = try IdleWorker(expecting: phone.address)
            var stream = TestStream(ssrc: 1, sequence: 1, timestamp: 1)
            var forged = TestStream(ssrc: 666, sequence: 1, timestamp: 1)
            phone.send(stream.next(voice), to: worker.gateway)
            stranger.send([UInt8](repeating: 0, count: size), to: worker.gateway)
            for _ in 0..<20 { stranger.send(forged.next(voice), to: worker.gateway) }
            phone.send(stream.next(voice), to: worker.gateway)
            worker.receive(times: 30)
            let last = worker.finish()
            let figures = try #require(last)
            let unusable = worker.counter(.malformed)
            #expect(figures.packetsReceived == 2)
            #expect(figures.packetsRefused == 20)
            #expect(unusable == 1)
        }

        @Test func `another port of the negotiated host is taken once`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            let (natted, late) = (try TestSocket(.loopbackIPv4), try TestSocket(.loopbackIPv4))
            natted.send(phone.stream.next(voice), to: phone.gateway)
            #expect(rig.hears(.connected(id)))
            try rig.echo(to: id)
            late.send(phone.stream.next([9]), to: phone.gateway)
            natted.send(phone.stream.next([1, 2]), to: phone.gateway)
            #expect(natted.receive().flatMap(SeenPacket.init)?.payload == [1, 2])
            #expect(late.receive(milliseconds: 0) == nil)
            #expect(try rig.statistics(of: id).remoteAddress == natted.address)
        }

        @Test func `another description is latched anew, the same is not`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            #expect(phone.latch())
            phone.describe(audio())
            #expect(try rig.statistics(of: id).remoteAddress == phone.rtp.address)
            let moved = try TestSocket(IPAddress(v4: 0x7F00_0904))
            phone.describe(audio(), rtp: moved.address)
            rig.on { $0.play(.echo, to: id) }
            #expect(try rig.statistics(of: id).remoteAddress == nil)
            phone.send(voice)
            moved.send(phone.stream.next([5]), to: phone.gateway)
            #expect(moved.receive().flatMap(SeenPacket.init)?.payload == [5])
            #expect(try rig.statistics(of: id).remoteAddress == moved.address)
        }

        @Test func `media goes to the negotiated address until the peer is heard`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([8])
            #expect(try #require(bob.receive()).payload == [8])
        }

        @Test func `a leg without an address sends and takes nothing`() throws {
            let rig = try MediaRig()
            let id = rig.makeID()
            let gateway = try rig.openSIP(id)
            rig.on {
                $0.configure(id, .sip(rtp: nil, rtcp: nil, mux: false, stream: audio()))
                $0.play(.milliwatt, to: id)
            }
            let anybody = try TestSocket(.loopbackIPv4)
            var stream = TestStream(ssrc: 1, sequence: 1, timestamp: 1)
            anybody.send(stream.next(voice), to: gateway)
            #expect(anybody.receive(milliseconds: 60) == nil)
            let figures = try rig.statistics(of: id)
            #expect(figures.packetsReceived == 0 && figures.packetsSent == 0)
        }

        @Test func `RTP from an address no browser has is refused`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            // A first check may have come before the leg was there.
            let before = rig.counter(.refused)
            let stranger = try TestSocket(IPAddress(v4: 0x7F00_0905))
            var stream = TestStream(ssrc: 1, sequence: 1, timestamp: 1)
            for _ in 0..<5 { stranger.send(stream.next(voice), to: browser.gateway) }
            stranger.send([0, 1, 0, 0], to: browser.gateway)
            stranger.send([22, 254, 255, 0], to: browser.gateway)
            browser.send(voice)
            var figures = try rig.statistics(of: browser.id)
            while figures.packetsReceived == 0 { figures = try rig.statistics(of: browser.id) }
            #expect(rig.counter(.refused) - before == 7)
            #expect(stranger.receive(milliseconds: 0) == nil)
        }
    }
}
