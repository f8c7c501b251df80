import CLinux

/// One packet in one of the worker's buffers.
struct Packet {
    let buffer: UnsafeMutableRawPointer
    /// Where the packet begins; headers we do not pass on are left lying in front of it.
    var offset: Int
    var length: Int

    /// Bytes of a buffer.
    static let capacity = 2048
    /// The longest datagram taken from the network: an Ethernet frame's, with room left for SRTP's trailer.
    static let longest = 1600

    init(_ buffer: UnsafeMutableRawPointer, offset: Int = 0, length: Int = 0) {
        (self.buffer, self.offset, self.length) = (buffer, offset, length)
    }

    @inline(__always) var start: UnsafeMutableRawPointer { buffer + offset }

    /// The packet's bytes.
    @inline(__always) var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: length) }

    /// The packet and the room behind it.
    @inline(__always) var room: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: start, count: Self.capacity - offset)
    }
}

/// The worker's packet buffers, allocated once and handed round as bare pointers.
struct BufferPool: ~Copyable {
    private let memory: UnsafeMutableRawPointer
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private var available: Int

    /// Enough for a full batch received, a full queue to send and the packet in hand.
    static let count = 2 * Int(TANDEM_BATCH) + 8

    init() {
        memory = .allocate(byteCount: Self.count * Packet.capacity, alignment: 64)
        free = .allocate(capacity: Self.count)
        for index in 0..<Self.count { (free + index).initialize(to: memory + index * Packet.capacity) }
        available = Self.count
    }

    deinit {
        free.deallocate()
        memory.deallocate()
    }

    /// Never runs dry: the owners named at `count` are all there are.
    @inline(__always)
    mutating func take() -> UnsafeMutableRawPointer {
        precondition(available > 0, "more buffers in hand than there are holders")
        available -= 1
        return free[available]
    }

    @inline(__always)
    mutating func giveBack(_ buffer: UnsafeMutableRawPointer) {
        free[available] = buffer
        available += 1
    }
}

/// Datagrams gathered for the browser socket, so that one system call sends many.
struct SendQueue: ~Copyable {
    private let datagrams: UnsafeMutablePointer<tandem_datagram>
    private let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private(set) var count = 0

    static let capacity = Int(TANDEM_BATCH)

    init() {
        datagrams = .allocate(capacity: Self.capacity)
        datagrams.initialize(repeating: tandem_datagram(), count: Self.capacity)
        buffers = .allocate(capacity: Self.capacity)
    }

    deinit {
        datagrams.deallocate()
        buffers.deallocate()
    }

    @inline(__always) var isFull: Bool { count == Self.capacity }

    /// Takes the packet's buffer until the next `flush`; not to be called when full.
    @inline(__always)
    mutating func append(_ packet: Packet, to address: borrowing KernelAddress) {
        datagrams[count].bytes = packet.start.assumingMemoryBound(to: UInt8.self)
        datagrams[count].length = UInt32(truncatingIfNeeded: packet.length)
        datagrams[count].address = address.storage
        datagrams[count].address_length = address.length
        (buffers + count).initialize(to: packet.buffer)
        count += 1
    }

    /// Sends all; returns how many the kernel refused.
    mutating func flush(to socket: Int32, into pool: inout BufferPool) -> Int {
        guard count > 0 else { return 0 }
        let sent = Int(tandem_send_batch(socket, datagrams, Int32(count)))
        for index in 0..<count { pool.giveBack(buffers[index]) }
        defer { count = 0 }
        return count - sent
    }
}
