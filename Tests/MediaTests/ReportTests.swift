import Media
import RTP
import SDP
import Testing
import Wire

extension MediaTests {
    struct ReportTests {
        private struct Report {
            var ssrc: UInt32 = 0
            var sender: SenderInformation?
            var block: ReportBlock?
            var hasName = false
            var isGoodbye = false
        }

        private func read(_ bytes: [UInt8]) -> Report {
            bytes.withUnsafeBytes { raw in
                var report = Report()
                var reader = RTCPReader(raw)
                while let next = reader.next() {
                    switch next {
                    case .senderReport(let ssrc, let information, let blocks):
                        (report.ssrc, report.sender) = (ssrc, information)
                        report.block = blocks.count > 0 ? blocks[0] : nil
                    case .receiverReport(let ssrc, let blocks):
                        (report.ssrc, report.block) = (ssrc, blocks.count > 0 ? blocks[0] : nil)
                    case .sourceDescription(let description): report.hasName = description.canonicalName() != nil
                    case .goodbye: report.isGoodbye = true
                    case .other: break
                    }
                }
                return report
            }
        }

        @Test func `a leg reports what it sent and heard, and learns the round trip from the answer`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            try rig.echo(to: id)
            for number in 0..<20 {
                // Every fifth is lost on its way.
                if number % 5 == 4 { _ = phone.stream.next([0]) } else { phone.send([1, 2, 3, 4]) }
            }
            _ = phone.receive()
            let report = read(try #require(phone.rtcp.receive()))
            let sender = try #require(report.sender)
            let block = try #require(report.block)
            #expect(sender.packetCount == 16)
            #expect(sender.octetCount == 64)
            #expect(block.ssrc == phone.stream.ssrc)
            #expect(block.cumulativeLost == 3)
            #expect(report.hasName)

            var answer = [UInt8](repeating: 0, count: RTCPWriter.capacity)
            let length = answer.withUnsafeMutableBytes { raw in
                var writer = RTCPWriter(raw)
                writer.report(
                    ssrc: phone.stream.ssrc, sender: nil,
                    about: ReportBlock(
                        ssrc: report.ssrc, fractionLost: 64, cumulativeLost: 4, highestSequence: 0, jitter: 80,
                        lastSenderReport: sender.ntpTime.middle, delaySinceLastReport: 0))
                return writer.count
            }
            let control = SocketAddress(ip: phone.gateway.ip, port: phone.gateway.port + 1)
            let stranger = try TestSocket(IPAddress(v4: 0x7F00_0906))
            stranger.send(Array(answer[..<length]), to: control)
            phone.rtcp.send(Array(answer[..<length]), to: control)
            var figures = try rig.statistics(of: id)
            while figures.remote == nil { figures = try rig.statistics(of: id) }
            let remote = try #require(figures.remote)
            #expect(remote.fractionLost == 0.25)
            #expect(remote.packetsLost == 4)
            #expect(remote.jitter == .milliseconds(10))
            #expect(try #require(remote.roundTrip) < .seconds(2))
            #expect(figures.packetsRefused == 1)
            #expect(figures.packetsLost == 3)
        }

        @Test func `a stream ends with a goodbye`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            rig.on { $0.play(.silence, to: id) }
            _ = try #require(phone.receive())
            rig.on { $0.close(id) }
            var report = read(try #require(phone.rtcp.receive()))
            if !report.isGoodbye { report = read(try #require(phone.rtcp.receive())) }
            #expect(report.isGoodbye && report.sender != nil)
        }
    }
}
