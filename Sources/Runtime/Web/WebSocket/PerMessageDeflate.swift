import CZlib
import Wire

/// Message compression by RFC 7692 without context takeover: one pair of zlib streams serves every connection.
///
/// Without a context of its own a connection costs no memory; what is lost is the ratio of short messages, which are
/// not worth compressing anyway.
final class PerMessageDeflate {
    enum Decompressed: Equatable {
        case bytes([UInt8])
        case tooLong
        case malformed
    }

    /// Shorter messages are sent as they are.
    private static let threshold = 1024
    /// Blocks marked as the last that others may follow in one message: each makes work, however small it is.
    private static let mostEnds = 64
    /// What ends each deflated message and is left out on the wire (RFC 7692 §7.2.1).
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    // zlib keeps a pointer back to its stream, which therefore may not move.
    private let deflater: UnsafeMutablePointer<z_stream>
    private let inflater: UnsafeMutablePointer<z_stream>

    /// Nil when zlib has no memory.
    init?() {
        deflater = .allocate(capacity: 1)
        deflater.initialize(to: z_stream())
        inflater = .allocate(capacity: 1)
        inflater.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        let deflates = deflateInit2_(deflater, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        let inflates = inflateInit2_(inflater, -15, ZLIB_VERSION, size)
        guard deflates == Z_OK, inflates == Z_OK else { return nil }
    }

    deinit {
        deflateEnd(deflater)
        inflateEnd(inflater)
        deflater.deallocate()
        inflater.deallocate()
    }

    /// The deflated message, nil when that is no gain.
    func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= Self.threshold, deflateReset(deflater) == Z_OK else { return nil }
        let room = Int(deflateBound(deflater, uLong(bytes.count))) + 16
        var input = bytes
        var status = Z_OK
        var output = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                deflater.pointee.next_in = source.baseAddress
                deflater.pointee.avail_in = UInt32(source.count)
                deflater.pointee.next_out = buffer.baseAddress
                deflater.pointee.avail_out = UInt32(room)
                status = deflate(deflater, Z_SYNC_FLUSH)
            }
            count = room - Int(deflater.pointee.avail_out)
        }
        guard status == Z_OK, deflater.pointee.avail_out > 0, output.suffix(4).elementsEqual(Self.tail) else {
            return nil
        }
        output.removeLast(4)
        return output.count < bytes.count ? output : nil
    }

    /// The message a client deflated, if it is no longer than `limit`.
    func decompress(_ bytes: [UInt8], limit: Int) -> Decompressed {
        guard inflateReset(inflater) == Z_OK else { return .malformed }
        var input = bytes + Self.tail
        var output = [UInt8]()
        var (status, isDone, ends) = (Z_OK, false, 0)
        input.withUnsafeMutableBufferPointer { source in
            inflater.pointee.next_in = source.baseAddress
            inflater.pointee.avail_in = UInt32(source.count)
            repeat {
                let piece = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
                    inflater.pointee.next_out = buffer.baseAddress
                    inflater.pointee.avail_out = 16_384
                    status = inflate(inflater, Z_SYNC_FLUSH)
                    count = 16_384 - Int(inflater.pointee.avail_out)
                }
                output += piece
                // Blocks may follow one that is marked as the last (RFC 7692 §7.2.3.4).
                let goesOn = status == Z_STREAM_END && inflater.pointee.avail_in > 0
                if goesOn {
                    ends += 1
                    status = ends > Self.mostEnds ? Z_DATA_ERROR : inflateReset(inflater)
                }
                // A full piece may hide more output; a short one means that the input is used up.
                isDone = ends > Self.mostEnds || !goesOn && (status != Z_OK || inflater.pointee.avail_out > 0)
            } while !isDone && output.count <= limit
        }
        if output.count > limit { return .tooLong }
        let isWhole = (status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END)
        return isWhole && inflater.pointee.avail_in == 0 ? .bytes(output) : .malformed
    }
}
