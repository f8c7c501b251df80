import CLinux
import Glibc
import ICE
import RTP
import WebRTC
import Wire

/// The TCP connections of a worker's browsers.
struct BrowserConnections {
    /// By the number in their paths.
    var open: [UInt32: ConnectionPointer] = [:]
    /// Those that have not shown yet whose they are, the oldest first.
    var strangers: [ConnectionPointer] = []
    /// Closed in this turn, in which the kernel may have named them already.
    var closed: [ConnectionPointer] = []
    var lastNumber: UInt32 = 0
    /// See `tandem_tcp_accept`.
    var spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)

    /// How long a connection may take to show whose it is.
    static let patience = Duration.seconds(10)
    /// Past this the oldest stranger makes room.
    static let maximumStrangers = 256
    /// Connections of strangers from one address: pages behind one NAT connect at the same time.
    static let maximumStrangersAtOnce = 32

    /// When the oldest stranger's time is over.
    var nextDeadline: Instant { strangers.first.map { $0.pointee.acceptedAt + Self.patience } ?? .never }
}

// Browsers whose network lets no UDP pass: the same packets, over connections to the port of the same number (RFC 6544).
extension WorkerCore {
    /// Takes the connections that wait, some at most.
    mutating func acceptConnections() {
        for _ in 0..<Self.acceptedAtOnce {
            var address = sockaddr_in6()
            let descriptor = tandem_tcp_accept(descriptors.listener, &connections.spare, &address)
            guard descriptor >= 0 else { return }
            accept(descriptor, SocketAddress(address))
        }
    }

    private static let acceptedAtOnce = 16

    private mutating func accept(_ descriptor: Int32, _ address: SocketAddress) {
        let neighbours = connections.strangers.count { $0.pointee.path.address.ip == address.ip }
        guard neighbours < BrowserConnections.maximumStrangersAtOnce else {
            counters.add(.refused)
            Glibc.close(descriptor)
            return
        }
        if connections.strangers.count >= BrowserConnections.maximumStrangers { close(connections.strangers[0]) }
        connections.lastNumber &+= 1
        let number = connections.lastNumber
        let connection = ConnectionPointer.allocate(capacity: 1)
        connection.initialize(
            to: BrowserConnection(descriptor, RemotePath(address, connection: number), at: now))
        connections.open[number] = connection
        connections.strangers.append(connection)
        counters.add(.browserConnections)
        tandem_epoll_add(descriptors.poll, descriptor, Self.token(of: connection))
    }

    /// Tells connections from legs, whose tokens never have this bit.
    static let connectionBit: UInt64 = 2

    private static func token(of connection: ConnectionPointer) -> UInt64 {
        UInt64(UInt(bitPattern: connection)) | connectionBit
    }

    /// Does what a connection is ready for.
    mutating func serveConnection(_ token: UInt64) {
        guard let connection = ConnectionPointer(bitPattern: UInt(token & ~Self.connectionBit)),
            connection.pointee.isOpen
        else { return }
        if connection.pointee.isCongested, connection.pointee.sendRest() { want(room: false, connection) }
        for _ in 0..<Self.readsInARow {
            switch connection.pointee.receive() {
            case .bytes: guard takeFrames(connection) else { return }
            case .nothing: return
            case .over: return close(connection)
            }
        }
    }

    private static let readsInARow = 4

    /// Takes the frames that are whole; false when the connection is closed then.
    private mutating func takeFrames(_ connection: ConnectionPointer) -> Bool {
        while connection.pointee.isOpen {
            let buffer = pool.take()
            switch connection.pointee.nextFrame(into: buffer) {
            case .whole(let length):
                if !receive(Packet(buffer, length: length), over: connection) { pool.giveBack(buffer) }
                // What is no check of a leg's peer is nothing from a browser.
                if connection.pointee.leg == nil { close(connection) }
            case .incomplete:
                pool.giveBack(buffer)
                return true
            case .tooLong:
                pool.giveBack(buffer)
                counters.add(.malformed)
                close(connection)
            }
        }
        return false
    }

    /// Sorts a frame as `receive(_:from:)` sorts datagrams; answers whether the buffer is kept.
    private mutating func receive(_ packet: Packet, over connection: ConnectionPointer) -> Bool {
        let path = connection.pointee.path
        switch (packet.contents.first ?? UInt8.max, connection.pointee.leg) {
        case (0...3, _): receiveSTUN(packet, path)
        case (20...63, let leg?): receiveDTLS(packet, path, leg)
        case (128...191, let leg?): return receiveSealed(packet, leg)
        case (_, nil): counters.add(.refused)
        default: counters.add(.malformed)
        }
        return false
    }

    /// Gives a connection to the leg that a check on it was for; it stays there.
    mutating func claim(_ number: UInt32, _ leg: LegPointer) {
        guard let connection = connections.open[number], connection.pointee.leg == nil else { return }
        connection.pointee.leg = leg
        connections.strangers.removeAll { $0 == connection }
    }

    /// Sends media to a browser whose selected path is a connection.
    mutating func sendOverTCP(_ packet: Packet, _ leg: LegPointer) {
        guard let connection = leg.pointee.connection else { return }
        guard write(packet.contents, over: connection) else {
            counters.add(.sendFailures)
            return
        }
        counters.add(.browserPacketsSent)
        counters.add(.browserBytesSent, packet.length)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer, over connection: ConnectionPointer) -> Bool {
        let wasCongested = connection.pointee.isCongested
        let isSent = connection.pointee.send(bytes)
        if connection.pointee.isCongested != wasCongested { want(room: !wasCongested, connection) }
        return isSent
    }

    private func want(room: Bool, _ connection: ConnectionPointer) {
        tandem_epoll_want_room(
            descriptors.poll, connection.pointee.descriptor, Self.token(of: connection), room ? 1 : 0)
    }

    /// Closes a connection now, and frees it when the turn is over.
    mutating func close(_ connection: ConnectionPointer) {
        guard connection.pointee.isOpen, let number = connection.pointee.path.connection else { return }
        if let leg = connection.pointee.leg {
            if leg.pointee.connection == connection { leg.pointee.connection = nil }
            leg.pointee.browser?.lose(connection.pointee.path)
        } else {
            connections.strangers.removeAll { $0 == connection }
        }
        connections.open[number] = nil
        connections.closed.append(connection)
        counters.add(.browserConnections, -1)
        connection.pointee.close()
    }

    mutating func closeConnections(of leg: LegPointer) {
        for connection in connections.open.values where connection.pointee.leg == leg { close(connection) }
    }

    mutating func closeImpatientStrangers() {
        while let oldest = connections.strangers.first, connections.nextDeadline <= now { close(oldest) }
    }

    /// At the end of a turn nobody names them any more.
    mutating func freeClosedConnections() {
        for connection in connections.closed {
            connection.deinitialize(count: 1)
            connection.deallocate()
        }
        connections.closed = []
    }
}
