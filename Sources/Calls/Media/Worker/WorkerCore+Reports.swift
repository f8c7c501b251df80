import Glibc
import RTP
import Wire

// RTCP: each leg is an RTP session of its own, whose reports begin and end here (RFC 3550 section 7).
extension WorkerCore {
    /// Takes what a peer reports; what cannot be read is skipped.
    mutating func heardReports(_ packet: Packet, _ leg: LegPointer) {
        var reader = RTCPReader(packet.contents)
        while let next = reader.next() {
            switch next {
            case .senderReport(let ssrc, let information, let blocks):
                leg.pointee.reception.heardSenderReport(from: ssrc, information.ntpTime, at: now)
                heard(blocks, leg)
            case .receiverReport(_, let blocks): heard(blocks, leg)
            case .sourceDescription, .goodbye, .other: break
            }
        }
    }

    private func heard(_ blocks: ReportBlocks, _ leg: LegPointer) {
        leg.pointee.reportsHeard &+= 1
        guard let block = blocks.block(about: leg.pointee.outgoing.ssrc) else { return }
        var roundTrip: Duration?
        if block.lastSenderReport != 0 {
            let span = ntpTime.middle &- block.lastSenderReport &- block.delaySinceLastReport
            // Peers that round their delay up would give a span just below zero.
            roundTrip = span > UInt32.max / 2 ? .zero : NTPTime.duration(shortSpan: span)
        }
        let jitter = ClockTicks.nanoseconds(block.jitter, leg.pointee.outgoing.clockRate)
        leg.pointee.remoteReport = LegStatistics.RemoteReport(
            packetsLost: Int(block.cumulativeLost), fractionLost: Double(block.fractionLost) / 256,
            jitter: .nanoseconds(Int64(clamping: jitter)),
            roundTrip: roundTrip ?? leg.pointee.remoteReport?.roundTrip, heardAt: now)
        leg.pointee.partner?.pointee.transcoder?.pointee.expectLoss(Double(block.fractionLost) / 256)
        leg.pointee.seat?.pointee.expectLoss(Double(block.fractionLost) / 256)
    }

    private var ntpTime: NTPTime { NTPTime(unixNanoseconds: now.nanoseconds &+ civilOffset) }

    /// Brings the civil clock up to date, which may be set while we run.
    mutating func readCivilClock() {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let civil = UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
        civilOffset = civil &- now.nanoseconds
    }

    /// The time to the next report: 5 s, give or take half; half of it to the first (RFC 3550 section 6.2).
    mutating func drawReportInterval() -> Duration { .milliseconds(Int64.random(in: 2500...7500, using: &entropy)) }

    /// Sends a report when its time has come.
    mutating func reportIfDue(_ leg: LegPointer) {
        guard leg.pointee.nextReportAt <= now else { return }
        leg.pointee.nextReportAt = now + drawReportInterval()
        guard leg.pointee.formats != nil else { return }
        sendReport(leg, isLast: false)
    }

    /// A last report with BYE, if the peer has heard of our stream.
    mutating func sayGoodbye(_ leg: LegPointer) {
        if leg.pointee.packetsSent > 0, leg.pointee.kind != .tieLine { sendReport(leg, isLast: true) }
    }

    private mutating func sendReport(_ leg: LegPointer, isLast: Bool) {
        var packet = Packet(pool.take())
        let ssrc = leg.pointee.outgoing.ssrc
        var sender: SenderInformation?
        if isSender(leg) {
            sender = SenderInformation(
                ntpTime: ntpTime, rtpTimestamp: leg.pointee.outgoing.timestamp(at: now),
                packetCount: UInt32(truncatingIfNeeded: leg.pointee.packetsSent),
                octetCount: leg.pointee.payloadSent)
        }
        leg.pointee.packetsSentAtReport = (leg.pointee.packetsSent, leg.pointee.packetsSentAtReport.last)
        var writer = RTCPWriter(packet.room)
        writer.report(ssrc: ssrc, sender: sender, about: leg.pointee.reception.makeReport(at: now))
        writer.describe(ssrc: ssrc, leg.pointee.canonicalName)
        if isLast { writer.goodbye(ssrc: ssrc) }
        packet.length = writer.count
        let isKept = seal(&packet, leg) && sendReport(packet, leg)
        if !isKept { pool.giveBack(packet.buffer) }
    }

    /// Whether anything was sent since the report before the last (RFC 3550 section 6.4).
    private func isSender(_ leg: LegPointer) -> Bool {
        leg.pointee.packetsSent > leg.pointee.packetsSentAtReport.before
    }

    /// Protects a report where the leg's packets are protected; false while there are no keys.
    private func seal(_ packet: inout Packet, _ leg: LegPointer) -> Bool {
        guard leg.pointee.kind == .browser || leg.pointee.isSecured else { return true }
        switch leg.pointee.outbound {
        case .none: return false
        case .some(let session):
            guard let length = try? session.protectControl(packet.room, length: packet.length) else { return false }
            packet.length = length
            return true
        }
    }

    /// Answers whether the buffer is kept.
    private mutating func sendReport(_ packet: Packet, _ leg: LegPointer) -> Bool {
        if leg.pointee.kind == .browser { return enqueue(packet, to: leg) }
        if leg.pointee.sharesPort {
            if leg.pointee.isLatched {
                send(leg.pointee.socket, packet.start, packet.length, Self.sendFlags)
            } else {
                _ = leg.pointee.remote?.withSockAddr {
                    sendto(leg.pointee.socket, packet.start, packet.length, Self.sendFlags, $0, $1)
                }
            }
        } else if let address = leg.pointee.controlRemote {
            _ = KernelAddress(address, leg.pointee.family)?.withSockAddr {
                sendto(leg.pointee.controlSocket, packet.start, packet.length, Self.sendFlags, $0, $1)
            }
        }
        return false
    }
}
