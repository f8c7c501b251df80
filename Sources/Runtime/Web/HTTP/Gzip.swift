import CZlib
import Wire

/// Compression of bodies by gzip (RFC 1952), with a zlib stream that is used again and again.
///
/// Used by one thread at a time.
package final class Gzip {
    /// Quick, and nearly as small as the slower levels for JSON.
    private static let level: Int32 = 4
    /// The largest window, and a gzip header instead of zlib's.
    private static let windowBits: Int32 = 15 + 16

    // zlib keeps a pointer back to its stream, which therefore may not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Nil when zlib has no memory.
    package init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        let status = deflateInit2_(
            stream, Self.level, Z_DEFLATED, Self.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        guard status == Z_OK else { return nil }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The compressed body, nil when that is no gain.
    package func compress(_ body: [UInt8]) -> [UInt8]? {
        guard deflateReset(stream) == Z_OK, body.count < Int(UInt32.max) / 2 else { return nil }
        let room = Int(deflateBound(stream, uLong(body.count)))
        var input = body
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.pointee.next_in = source.baseAddress
                stream.pointee.avail_in = UInt32(source.count)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(room)
                status = deflate(stream, Z_FINISH)
            }
            count = room - Int(stream.pointee.avail_out)
        }
        return status == Z_STREAM_END && output.count < body.count ? output : nil
    }
}
