import CLinux
import RTP
import Wire

// What the next packets will need is asked for while the memory is still busy with something else: between two packets of
// a call lie those of all other calls, and a packet's way leads through a dozen places of memory, one found through the
// other. All of it is a hint, and nothing depends on it.
extension WorkerCore {
    /// Asks for what a batch from browsers will need: step by step for all, so that no step waits for the one before.
    @inline(__always)
    func prefetch(batchOf count: Int) {
        guard count > 1 else { return }
        for index in 0..<count { flows.leg(at: SocketAddress(received[index].address))?.prefetch() }
        for index in 0..<count { flows.leg(at: SocketAddress(received[index].address))?.prefetchFurther() }
        for index in 0..<count { flows.leg(at: SocketAddress(received[index].address))?.prefetchKeys() }
        for index in 0..<count { flows.leg(at: SocketAddress(received[index].address))?.prefetchPartnersKeys() }
    }

    /// Asks for what the sockets after this one will need, of `ready` in all.
    @inline(__always)
    func prefetch(after index: Int, _ tokens: UnsafeMutablePointer<UInt64>, _ ready: Int) {
        if index + 3 < ready { Self.leg(of: tokens[index + 3])?.prefetch() }
        if index + 2 < ready { Self.leg(of: tokens[index + 2])?.prefetchFurther() }
        if index + 1 < ready { Self.leg(of: tokens[index + 1])?.prefetchKeys() }
        // While the kernel looks for the datagram.
        Self.leg(of: tokens[index])?.prefetchPartnersKeys()
    }
}

extension LegPointer {
    /// What packets need of a leg stands first in it.
    private static var sizeForPackets: UInt32 { 512 }

    @inline(__always)
    fileprivate func prefetch() { tandem_prefetch(self, Self.sizeForPackets) }

    /// What the leg points to.
    @inline(__always)
    fileprivate func prefetchFurther() {
        switch pointee.inbound {
        case .some(let session): session.prefetch()
        case .none: break
        }
        pointee.partner?.prefetch()
    }

    /// What the leg's own session points to, and the partner's session.
    @inline(__always)
    fileprivate func prefetchKeys() {
        switch pointee.inbound {
        case .some(let session): session.prefetchFurther()
        case .none: break
        }
        guard let partner = pointee.partner else { return }
        switch partner.pointee.outbound {
        case .some(let session): session.prefetch()
        case .none: break
        }
    }

    @inline(__always)
    fileprivate func prefetchPartnersKeys() {
        guard let partner = pointee.partner else { return }
        switch partner.pointee.outbound {
        case .some(let session): session.prefetchFurther()
        case .none: break
        }
    }
}
