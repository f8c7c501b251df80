package import SIP
import Wire

/// A trace as a capture file (pcap 2.4) that Wireshark, tshark and sngrep open.
///
/// Every message is one UDP datagram between the two addresses, also those that came over TCP, TLS or WebSocket: what
/// was said is shown, not how it was cut into segments. Link type 101: bare IP packets.
package enum Capture {
    package static func pcap(_ trace: SIPTrace) -> [UInt8] {
        var file = ByteWriter()
        file.write(UInt32(0xA1B2_C3D4))
        file.write(UInt16(2))
        file.write(UInt16(4))
        file.write(UInt32(0))
        file.write(UInt32(0))
        file.write(UInt32(262_144))
        file.write(UInt32(101))
        for message in trace.messages { write(message, to: &file) }
        return file.bytes
    }

    private static func write(_ message: TracedMessage, to file: inout ByteWriter) {
        // A datagram cannot be longer, whatever the stream carried.
        let payload = Array(message.bytes.prefix(65_000))
        let packet = ip(message.source, message.destination, udp(message.source, message.destination, payload))
        file.write(UInt32(truncatingIfNeeded: message.at.milliseconds / 1000))
        file.write(UInt32(truncatingIfNeeded: message.at.milliseconds % 1000 * 1000))
        file.write(UInt32(packet.count))
        file.write(UInt32(packet.count))
        file.write(packet)
    }

    private static func udp(_ source: SocketAddress, _ destination: SocketAddress, _ payload: [UInt8]) -> [UInt8] {
        func header(checksum: UInt16) -> [UInt8] {
            var writer = ByteWriter()
            writer.write(source.port)
            writer.write(destination.port)
            writer.write(UInt16(8 + payload.count))
            writer.write(checksum)
            return writer.bytes
        }
        var pseudo = ByteWriter()
        pseudo.write(source.ip.octets + destination.ip.octets)
        pseudo.write(UInt32(17))
        pseudo.write(UInt32(8 + payload.count))
        let sum = checksum(pseudo.bytes + header(checksum: 0) + payload)
        return header(checksum: sum == 0 ? 0xFFFF : sum) + payload
    }

    private static func ip(_ source: SocketAddress, _ destination: SocketAddress, _ datagram: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        guard source.ip.isIPv4, destination.ip.isIPv4 else {
            writer.write(UInt32(0x6000_0000))
            writer.write(UInt16(datagram.count))
            writer.write([17, 64])
            writer.write(source.ip.octets + destination.ip.octets)
            return writer.bytes + datagram
        }
        func header(checksum: UInt16) -> [UInt8] {
            var writer = ByteWriter()
            writer.write([0x45, 0])
            writer.write(UInt16(20 + datagram.count))
            writer.write(UInt32(0x0000_4000))
            writer.write([64, 17])
            writer.write(checksum)
            writer.write(source.ip.octets + destination.ip.octets)
            return writer.bytes
        }
        return header(checksum: checksum(header(checksum: 0))) + datagram
    }

    /// The one's complement sum of RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
            sum += UInt32(bytes[index]) << 8 | low
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}

extension IPAddress {
    /// Four or sixteen octets in network order.
    fileprivate var octets: [UInt8] {
        var writer = ByteWriter()
        if isIPv4 {
            writer.write(v4)
        } else {
            writer.write(high)
            writer.write(low)
        }
        return writer.bytes
    }
}
