import RTP
import Testing
import Wire

/// Bytes of a test packet, worked on in place as the relay does.
struct PacketBuffer: ~Copyable {
    let bytes: UnsafeMutableRawBufferPointer
    var length: Int

    init(_ contents: [UInt8], capacity: Int = 2048) {
        bytes = .allocate(byteCount: max(capacity, contents.count), alignment: 16)
        bytes.copyBytes(from: contents)
        length = contents.count
    }

    deinit { bytes.deallocate() }

    var contents: [UInt8] { Array(bytes[..<length]) }
    var header: RTPHeader? { RTPHeader(UnsafeRawBufferPointer(rebasing: bytes[..<length])) }
}

/// Reads hexadecimal with blanks; broken text gives nothing.
func hex(_ text: String) -> [UInt8] { Hex.decode(text.filter { !$0.isWhitespace }) ?? [] }

/// The bytes of an RTP packet.
func packet(
    sequence: UInt16, timestamp: UInt32 = 0, ssrc: UInt32 = 0x1122_3344, payloadType: UInt8 = 0, marker: Bool = false,
    payload: [UInt8] = Array(repeating: 0x55, count: 160)
) -> [UInt8] {
    let buffer = PacketBuffer([UInt8](repeating: 0, count: 12) + payload)
    RTPHeader(marker: marker, payloadType: payloadType, sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc)
        .write(to: buffer.bytes)
    return buffer.contents
}

func header(_ sequence: UInt16, _ timestamp: UInt32, ssrc: UInt32 = 7, marker: Bool = false) -> RTPHeader {
    RTPHeader(marker: marker, payloadType: 0, sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc)
}

extension Instant {
    static func ms(_ value: UInt64) -> Instant { Instant(nanoseconds: 1_000_000_000_000 + value * 1_000_000) }
}

/// `#require` for the answers of mutating calls, which the macro cannot make itself.
func need<Value>(_ value: Value?, sourceLocation: SourceLocation = #_sourceLocation) throws -> Value {
    try #require(value, sourceLocation: sourceLocation)
}

func isNil<Value>(_ value: Value?) -> Bool { value == nil }
