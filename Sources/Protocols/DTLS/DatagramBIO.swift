internal import COpenSSL

/// A BIO that keeps datagrams apart: one read takes one datagram, one write makes one.
///
/// OpenSSL's memory BIO would run them together, and its datagram BIO owns a socket.
enum DatagramBIO {
    /// The largest datagram sent, IP and UDP headers not counted.
    static let mtu = 1200

    // Written once, before any connection exists, and only read by OpenSSL afterwards.
    nonisolated(unsafe) static let method: OpaquePointer? = {
        let kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(kind, "datagrams") else { return nil }
        BIO_meth_set_read(method) { bio, buffer, size in DatagramBIO.read(bio, buffer, size) }
        BIO_meth_set_write(method) { bio, bytes, count in DatagramBIO.write(bio, bytes, count) }
        BIO_meth_set_ctrl(method) { _, command, _, _ in DatagramBIO.control(command) }
        return method
    }()

    private static func exchange(_ bio: OpaquePointer?) -> DTLSExchange? {
        guard let bio, let data = BIO_get_data(bio) else { return nil }
        return Unmanaged<DTLSExchange>.fromOpaque(data).takeUnretainedValue()
    }

    private static func read(_ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32) -> Int32 {
        guard let exchange = exchange(bio), let buffer, size > 0 else { return -1 }
        guard let datagram = exchange.incoming else {
            tandem_bio_set_retry_read(bio)
            return -1
        }
        exchange.incoming = nil
        let count = min(Int(size), datagram.count)
        UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: datagram[..<count]))
        return Int32(count)
    }

    private static func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
        guard let exchange = exchange(bio), let bytes, count > 0 else { return -1 }
        exchange.send(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        return count
    }

    private static func control(_ command: Int32) -> Int {
        switch command {
        case BIO_CTRL_FLUSH: 1
        case BIO_CTRL_DGRAM_QUERY_MTU, BIO_CTRL_DGRAM_GET_FALLBACK_MTU: mtu
        default: 0
        }
    }
}
