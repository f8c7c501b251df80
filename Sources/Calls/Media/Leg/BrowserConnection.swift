import CLinux
import Glibc
import ICE
import Wire

/// A connection lives at a fixed place until its worker's turn is over in which it was closed.
typealias ConnectionPointer = UnsafeMutablePointer<BrowserConnection>

/// One TCP connection of a browser (RFC 6544), which carries what would have been datagrams, each with its length in
/// front (RFC 4571).
struct BrowserConnection: ~Copyable {
    /// -1 when it is closed.
    private(set) var descriptor: Int32
    let path: RemotePath
    let acceptedAt: Instant
    /// Whose it is; nil until a check on it has been authenticated.
    var leg: LegPointer?
    /// Bytes that came and are no whole frame yet.
    private let received: UnsafeMutableRawBufferPointer
    private var filled = 0
    /// What is left of a frame that was sent in part; later ones are dropped until it is out.
    private var rest: [UInt8] = []

    /// In front of each frame: its length.
    private static let head = 2
    /// Room for two of the longest frames.
    private static let room = 2 * (head + Packet.longest)

    init(_ descriptor: Int32, _ path: RemotePath, at now: Instant) {
        (self.descriptor, self.path, acceptedAt) = (descriptor, path, now)
        received = .allocate(byteCount: Self.room, alignment: 16)
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
        received.deallocate()
    }

    var isOpen: Bool { descriptor >= 0 }
    /// Part of a frame waits for room.
    var isCongested: Bool { !rest.isEmpty }

    mutating func close() {
        guard isOpen else { return }
        Glibc.close(descriptor)
        (descriptor, leg) = (-1, nil)
    }
}

// Receiving.
extension BrowserConnection {
    enum Input {
        case bytes
        /// Nothing more is there.
        case nothing
        case over
    }

    /// Takes what is there, as far as there is room for it: none is left only while a frame too long waits.
    mutating func receive() -> Input {
        guard filled < received.count else { return .over }
        let length = recv(descriptor, received.baseAddress.unsafelyUnwrapped + filled, received.count - filled, 0)
        if length > 0 {
            filled += length
            return .bytes
        }
        return length < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .over
    }

    enum Frame {
        /// Copied to where it was wanted.
        case whole(length: Int)
        case incomplete
        case tooLong
    }

    /// The next frame that is whole.
    mutating func nextFrame(into buffer: UnsafeMutableRawPointer) -> Frame {
        guard filled >= Self.head else { return .incomplete }
        let length = Int(received[0]) << 8 | Int(received[1])
        guard length <= Packet.longest else { return .tooLong }
        let whole = Self.head + length
        guard filled >= whole, let start = received.baseAddress else { return .incomplete }
        buffer.copyMemory(from: start + Self.head, byteCount: length)
        filled -= whole
        memmove(start, start + whole, filled)
        return .whole(length: length)
    }
}

// Sending.
extension BrowserConnection {
    /// Sends a frame as far as there is room; false when it is dropped.
    mutating func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isOpen, rest.isEmpty || sendRest() else { return false }
        let sent = tandem_tcp_send_frame(descriptor, bytes.baseAddress, UInt16(truncatingIfNeeded: bytes.count))
        guard sent > 0 else { return false }
        if sent < Self.head + bytes.count { keepRest(of: bytes, sent) }
        return true
    }

    private mutating func keepRest(of bytes: UnsafeRawBufferPointer, _ sent: Int) {
        let head = [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)]
        rest = Array((head + bytes).dropFirst(sent))
    }

    /// Sends more of what is left of a frame; true when all of it is out.
    mutating func sendRest() -> Bool {
        guard isOpen, !rest.isEmpty else { return rest.isEmpty }
        let sent = Glibc.send(descriptor, rest, rest.count, WorkerCore.sendFlags)
        if sent > 0 { rest.removeFirst(sent) }
        return rest.isEmpty
    }
}
