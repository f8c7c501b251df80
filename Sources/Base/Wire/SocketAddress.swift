public import Glibc

/// An address and port: one end of a UDP or TCP flow.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    public var ip: IPAddress
    public var port: UInt16

    public init(ip: IPAddress, port: UInt16) { (self.ip, self.port) = (ip, port) }

    /// Reads a numeric host (brackets allowed for IPv6); names are for DNS.
    public init?(host: String, port: UInt16) {
        guard let ip = IPAddress(host) else { return nil }
        self.init(ip: ip, port: port)
    }

    /// Reads `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = ASCII.decimal(text[text.index(after: colon)...].utf8, maximumDigits: 5), port <= 65535
        else { return nil }
        self.init(host: String(text[..<colon]), port: UInt16(port))
    }

    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    public var description: String { "\(hostText):\(port)" }

    /// The host as it stands in a URI: IPv6 in brackets.
    public var hostText: String { ip.isIPv4 ? ip.description : "[\(ip)]" }
}

extension SocketAddress {
    /// Calls `body` with the address in the kernel's form.
    public func withSockAddr<Result, Failure: Error>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var storage = sockaddr_storage()
        let length = write(to: &storage)
        return try unsafe withUnsafePointer(to: &storage) { pointer throws(Failure) in
            try unsafe body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
        }
    }

    /// Fills the kernel's form and returns its length.
    public func write(to storage: inout sockaddr_storage) -> socklen_t {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            if ip.isIPv4 {
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = ip.v4.bigEndian
                unsafe bytes.storeBytes(of: address, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            unsafe bytes.storeBytes(of: address, as: sockaddr_in6.self)
            let start = MemoryLayout<sockaddr_in6>.offset(of: \sockaddr_in6.sin6_addr) ?? 8
            unsafe bytes.storeBytes(of: ip.high.bigEndian, toByteOffset: start, as: UInt64.self)
            unsafe bytes.storeBytes(of: ip.low.bigEndian, toByteOffset: start + 8, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    /// Reads the kernel's form; nil for any family but IPv4 and IPv6.
    public init?(_ pointer: UnsafePointer<sockaddr>) {
        let bytes = unsafe UnsafeRawPointer(pointer)
        switch unsafe Int32(pointer.pointee.sa_family) {
        case AF_INET:
            let port = unsafe bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
            let value = unsafe bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            self.init(ip: IPAddress(v4: UInt32(bigEndian: value)), port: UInt16(bigEndian: port))
        case AF_INET6:
            let port = unsafe bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
            let high = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let low = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
            let ip = IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
            self.init(ip: ip, port: UInt16(bigEndian: port))
        default: return nil
        }
    }
}
