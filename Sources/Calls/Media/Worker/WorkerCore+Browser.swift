import CLinux
import DTLS
import ICE
import RTP
import WebRTC
import Wire

// Datagrams on the port that all browsers of the worker share.
extension WorkerCore {
    /// Takes what is there, some batches at most: the other sockets have their turn too.
    mutating func receiveFromBrowsers() {
        for _ in 0..<Self.batchesInARow {
            let count = Int(
                tandem_receive_batch(
                    descriptors.browsers, received, Int32(TANDEM_BATCH), UInt32(Packet.longest)))
            guard count > 0 else { return }
            prefetch(batchOf: count)
            for index in 0..<count {
                let buffer = UnsafeMutableRawPointer(received[index].bytes.unsafelyUnwrapped)
                let packet = Packet(buffer, length: Int(received[index].length))
                if receive(packet, from: SocketAddress(received[index].address)) {
                    received[index].bytes = pool.take().assumingMemoryBound(to: UInt8.self)
                }
            }
            if count < Int(TANDEM_BATCH) { return }
        }
    }

    private static let batchesInARow = 4

    /// Sorts a datagram by its first byte (RFC 7983); answers whether the buffer is kept.
    @inline(__always)
    private mutating func receive(_ packet: Packet, from source: SocketAddress) -> Bool {
        guard packet.length > 0, packet.length <= Packet.longest else {
            counters.add(.malformed)
            return false
        }
        switch packet.contents[0] {
        case 128...191:
            guard let leg = flows.leg(at: source) else {
                counters.add(.refused)
                return false
            }
            return receiveSealed(packet, leg)
        case 0...3: receiveSTUN(packet, RemotePath(source))
        case 20...63:
            guard let leg = flows.leg(at: source) else {
                counters.add(.refused)
                return false
            }
            receiveDTLS(packet, RemotePath(source), leg)
        default: counters.add(.malformed)
        }
        return false
    }

    @inline(__always)
    mutating func receiveSealed(_ packet: Packet, _ leg: LegPointer) -> Bool {
        counters.add(.browserPacketsReceived)
        counters.add(.browserBytesReceived, packet.length)
        let isControl = packet.contents.isRTCP
        var opened = packet
        guard unseal(&opened, isControl: isControl, leg) else { return false }
        if leg.pointee.awaitsMedia {
            leg.pointee.awaitsMedia = false
            leg.pointee.browser?.mediaArrived()
        }
        guard isControl else { return relay(opened, from: leg) }
        heardReports(opened, leg)
        return false
    }

    /// Authenticates and decrypts in place; what fails is counted and forgotten.
    @inline(__always)
    mutating func unseal(_ packet: inout Packet, isControl: Bool, _ leg: LegPointer) -> Bool {
        switch leg.pointee.inbound {
        case .none: leg.pointee.srtpFailures.count(nil)
        case .some(let session):
            do throws(SRTPError) {
                packet.length =
                    isControl
                    ? try session.unprotectControl(packet.room, length: packet.length)
                    : try session.unprotect(packet.room, length: packet.length)
                return true
            } catch {
                leg.pointee.srtpFailures.count(error)
            }
        }
        counters.add(.srtpFailures)
        return false
    }

    mutating func receiveSTUN(_ packet: Packet, _ path: RemotePath) {
        guard let ufrag = STUN.localUfrag(in: packet.contents.bytes), let leg = ufrags[ufrag] else {
            counters.add(.refused)
            return
        }
        // A connection is one leg's for good: another leg must not come to depend on it.
        if let number = path.connection, let owner = connections.open[number]?.pointee.leg, owner != leg {
            counters.add(.refused)
            return
        }
        leg.pointee.browser?.receiveSTUN(packet.contents.bytes, from: path, now: now)
        drainBrowser(leg)
    }

    mutating func receiveDTLS(_ packet: Packet, _ path: RemotePath, _ leg: LegPointer) {
        leg.pointee.browser?.receiveDTLS(packet.contents.bytes, from: path, now: now)
        drainBrowser(leg)
    }

    /// Does what the browser's machine wants done, and sets its timer.
    mutating func drainBrowser(_ leg: LegPointer) {
        while let output = leg.pointee.browser?.nextOutput() {
            switch output {
            case .transmit(let bytes, let path): transmit(bytes, over: path)
            case .event(let event): browserEvent(event, leg)
            }
        }
        let deadline = leg.pointee.browser?.nextDeadline ?? .never
        guard deadline < leg.pointee.timerDeadline else { return }
        leg.pointee.timerDeadline = deadline
        nextBrowserTimer = min(nextBrowserTimer, deadline)
        browserTimers.schedule(at: deadline, leg.pointee.id)
    }

    private mutating func transmit(_ bytes: [UInt8], over path: RemotePath) {
        guard bytes.count <= Packet.longest else { return }
        if let number = path.connection {
            guard let connection = connections.open[number] else { return }
            if !bytes.withUnsafeBytes({ write($0, over: connection) }) { counters.add(.sendFailures) }
            return
        }
        let packet = Packet(pool.take(), length: bytes.count)
        packet.room.copyBytes(from: bytes)
        queue.append(packet, to: KernelAddress(path.address, isIPv6Socket: isIPv6))
        if queue.isFull { flush() }
    }

    private mutating func browserEvent(_ event: BrowserLegEvent, _ leg: LegPointer) {
        let id = leg.pointee.id
        switch event {
        case .validated(let path):
            if let number = path.connection { claim(number, leg) } else { claim(path.address, leg) }
        case .forgotten(let path): forget(path, leg)
        case .retired(let ufrag): ufrags[ufrag] = nil
        case .selected(let path): select(path, leg)
        case .connected(let keys, let remote): connected(keys, remote, leg)
        case .failed(let failure): over(leg, .failed(id, MediaFailure(failure)))
        case .closed: over(leg, .hungUp(id))
        case .consentLost: over(leg, .disconnected(id))
        }
    }

    /// Lets an address's datagrams come to the leg, unless they are the media of another leg that is still alive.
    ///
    /// Sources can be forged, so a check from there proves only that the sender knows its own password. A browser
    /// that rightly has the address asks with each check, and gets it when the other leg has ended or moved.
    private mutating func claim(_ address: SocketAddress, _ leg: LegPointer) {
        if let owner = flows.leg(at: address), owner != leg, owner.pointee.remoteAddress == address,
            !owner.pointee.hasTold.over
        {
            counters.add(.refused)
            return
        }
        flows.insert(leg, at: address)
    }

    private mutating func forget(_ path: RemotePath, _ leg: LegPointer) {
        guard let number = path.connection else { return flows.remove(path.address, of: leg) }
        if let connection = connections.open[number] { close(connection) }
    }

    private func select(_ path: RemotePath, _ leg: LegPointer) {
        let connection = path.connection.flatMap { connections.open[$0] }
        leg.pointee.connection = connection?.pointee.leg == leg ? connection : nil
        leg.pointee.remote = path.connection == nil ? KernelAddress(path.address, isIPv6Socket: isIPv6) : nil
        leg.pointee.remoteAddress = path.address
    }

    private mutating func connected(_ keys: SRTPKeys, _ remote: RemotePath, _ leg: LegPointer) {
        guard let profile = ProtectionProfile(rawValue: keys.profile.rawValue) else {
            over(leg, .failed(leg.pointee.id, .noSRTPProfile))
            return
        }
        let sending = SRTPMasterKey(key: keys.send.key, salt: keys.send.salt)
        let receiving = SRTPMasterKey(key: keys.receive.key, salt: keys.receive.salt)
        do {
            leg.pointee.outbound = try SRTPSession(configuration.engine, profile, sending, .outbound)
            leg.pointee.inbound = try SRTPSession(configuration.engine, profile, receiving, .inbound)
        } catch {
            over(leg, .failed(leg.pointee.id, .handshakeFailed))
            return
        }
        select(remote, leg)
        leg.pointee.awaitsMedia = true
        leg.pointee.listeningSince = now
        leg.pointee.hasTold.connected = true
        tell(.connected(leg.pointee.id))
    }

    /// The path is gone: nothing more is sent, and call control will close the leg.
    private mutating func over(_ leg: LegPointer, _ event: MediaEvent) {
        guard !leg.pointee.hasTold.over else { return }
        leg.pointee.hasTold.over = true
        leg.pointee.outbound = nil
        leg.pointee.inbound = nil
        tell(event)
    }
}

extension MediaFailure {
    init(_ failure: BrowserLegFailure) {
        switch failure {
        case .noConnectivity: self = .iceTimeout
        case .handshake(.fingerprintMismatch): self = .fingerprintMismatch
        case .handshake(.noSRTPProfile): self = .noSRTPProfile
        case .handshake: self = .handshakeFailed
        }
    }
}
