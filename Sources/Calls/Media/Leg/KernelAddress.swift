import CLinux
import Glibc
import Wire

/// A remote address in the form a socket of a given family takes, made once and used for each packet.
struct KernelAddress {
    /// An IPv4 socket's address lies in the same bytes; the family tells.
    private(set) var storage = sockaddr_in6()
    private(set) var length: socklen_t = 0

    /// For an IPv6 socket an IPv4 address is written in its mapped form.
    init(_ address: SocketAddress, isIPv6Socket: Bool) {
        withUnsafeMutableBytes(of: &storage) { bytes in
            if isIPv6Socket {
                bytes.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
                bytes.storeBytes(of: address.ip.high.bigEndian, toByteOffset: 8, as: UInt64.self)
                bytes.storeBytes(of: address.ip.low.bigEndian, toByteOffset: 16, as: UInt64.self)
            } else {
                bytes.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
                bytes.storeBytes(of: address.ip.v4.bigEndian, toByteOffset: 4, as: UInt32.self)
            }
            bytes.storeBytes(of: address.port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
        let size = isIPv6Socket ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        length = socklen_t(size)
    }

    /// Nil for an IPv6 address where the socket knows none.
    init?(_ address: SocketAddress, _ family: IPAddress.Family) {
        guard family == .ipv6 || address.ip.isIPv4 else { return nil }
        self.init(address, isIPv6Socket: family == .ipv6)
    }

    func withSockAddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafeBytes(of: storage) { bytes in
            body(bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self), length)
        }
    }
}

extension SocketAddress {
    /// The source of a received datagram, IPv4 in the same form whichever family the socket has.
    @inline(__always)
    init(_ storage: borrowing sockaddr_in6) {
        var copy = copy storage
        self = withUnsafeBytes(of: &copy) { bytes in
            let port = UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
            if bytes.load(as: sa_family_t.self) == sa_family_t(AF_INET) {
                let value = UInt32(bigEndian: bytes.load(fromByteOffset: 4, as: UInt32.self))
                return SocketAddress(ip: IPAddress(v4: value), port: port)
            }
            let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            return SocketAddress(ip: IPAddress(high: high, low: low), port: port)
        }
    }
}
