import CLinux
import Glibc
import RTP
import Wire

// Datagrams on a SIP leg's own sockets.
extension WorkerCore {
    private static let receiveFlags = Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC)

    /// Takes one datagram; epoll tells again while there are more.
    @inline(__always)
    mutating func receiveFromSIP(_ leg: LegPointer) {
        let buffer = pool.take()
        let isKept: Bool
        if leg.pointee.isLatched {
            // Connected: the kernel lets nobody else through.
            let length = recv(leg.pointee.socket, buffer, Packet.longest, Self.receiveFlags)
            isKept = length > 0 && take(Packet(buffer, length: length), leg)
        } else {
            isKept = receiveUnlatched(buffer, leg)
        }
        if !isKept { pool.giveBack(buffer) }
    }

    @inline(__always)
    private mutating func take(_ packet: Packet, _ leg: LegPointer) -> Bool {
        var plain = packet
        return open(&plain, leg) && pass(plain, leg)
    }

    /// Counts a datagram and, on a leg with keys, authenticates and decrypts it.
    @inline(__always)
    private mutating func open(_ packet: inout Packet, _ leg: LegPointer) -> Bool {
        counters.add(.sipPacketsReceived)
        counters.add(.sipBytesReceived, packet.length)
        guard packet.length <= Packet.longest else {
            counters.add(.malformed)
            return false
        }
        return !leg.pointee.isSecured || unseal(&packet, isControl: packet.contents.isRTCP, leg)
    }

    /// Takes a packet that is the peer's beyond doubt; answers whether the buffer is kept.
    @inline(__always)
    private mutating func pass(_ packet: Packet, _ leg: LegPointer) -> Bool {
        if packet.contents.isRTCP {
            heardReports(packet, leg)
            return false
        }
        return relay(packet, from: leg)
    }

    /// Takes a datagram whose source has to be looked at, and latches onto it when it is the negotiated host's.
    private mutating func receiveUnlatched(_ buffer: UnsafeMutableRawPointer, _ leg: LegPointer) -> Bool {
        guard case .datagram(let packet, let source) = receive(from: leg.pointee.socket, into: buffer) else {
            return false
        }
        guard isExpected(source, leg) else {
            refuse(source, leg)
            return false
        }
        var plain = packet
        guard open(&plain, leg) else { return false }
        let latches = !plain.contents.isRTCP && RTPHeader(plain.contents) != nil && latch(leg, source)
        let isKept = pass(plain, leg)
        if latches { drain(leg, source) }
        return isKept
    }

    private func isExpected(_ source: SocketAddress, _ leg: LegPointer) -> Bool {
        leg.pointee.negotiated?.ip == source.ip
    }

    private func refuse(_ source: SocketAddress, _ leg: LegPointer) {
        leg.pointee.refused.count(source)
        counters.add(.refused)
    }

    /// Connects the socket to the source, once and for all until another description names another address.
    private mutating func latch(_ leg: LegPointer, _ source: SocketAddress) -> Bool {
        guard let address = KernelAddress(source, leg.pointee.family),
            address.withSockAddr({ connect(leg.pointee.socket, $0, $1) }) == 0
        else { return false }
        leg.pointee.remote = address
        leg.pointee.remoteAddress = source
        leg.pointee.isLatched = true
        if !leg.pointee.hasTold.connected {
            leg.pointee.hasTold.connected = true
            tell(.connected(leg.pointee.id))
        }
        return true
    }

    /// Empties the socket's queue of what came before it was connected, from whomever.
    private mutating func drain(_ leg: LegPointer, _ latched: SocketAddress) {
        for _ in 0..<Self.drainLimit {
            let buffer = pool.take()
            var isKept = false
            switch receive(from: leg.pointee.socket, into: buffer) {
            case .nothing:
                pool.giveBack(buffer)
                return
            case .unusable: break
            case .datagram(let packet, latched): isKept = take(packet, leg)
            case .datagram(_, let stranger): refuse(stranger, leg)
            }
            if !isKept { pool.giveBack(buffer) }
        }
    }

    /// More than a default socket buffer holds.
    private static let drainLimit = 1024

    /// RTCP on its own port: from the negotiated host alone, and answered there.
    mutating func receiveControlFromSIP(_ leg: LegPointer) {
        let buffer = pool.take()
        defer { pool.giveBack(buffer) }
        guard case .datagram(let packet, let source) = receive(from: leg.pointee.controlSocket, into: buffer) else {
            return
        }
        guard isExpected(source, leg) else {
            refuse(source, leg)
            return
        }
        var plain = packet
        guard packet.contents.isRTCP, !leg.pointee.isSecured || unseal(&plain, isControl: true, leg) else { return }
        heardReports(plain, leg)
    }

    /// What a look at a socket found.
    private enum Arrival {
        /// The queue is empty.
        case nothing
        /// A datagram without a byte or cut short, or an error reported in its place; more may be queued behind it.
        case unusable
        case datagram(Packet, SocketAddress)
    }

    /// Takes one datagram and its source.
    private func receive(from socket: Int32, into buffer: UnsafeMutableRawPointer) -> Arrival {
        var source = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let length = withUnsafeMutableBytes(of: &source) { bytes in
            recvfrom(
                socket, buffer, Packet.longest, Self.receiveFlags,
                bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self), &size)
        }
        if length < 0 { return errno == EAGAIN ? .nothing : .unusable }
        guard length > 0, length <= Packet.longest else {
            counters.add(.malformed)
            return .unusable
        }
        return .datagram(Packet(buffer, length: length), SocketAddress(source))
    }
}
