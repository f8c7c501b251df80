import Glibc
package import Wire

/// Which address of ours a peer sees.
package enum LocalAddress {
    /// The source address the system would choose towards a peer; nothing is sent to find out.
    package static func facing(_ peer: IPAddress) -> IPAddress {
        let unspecified: IPAddress = peer.isIPv4 ? .anyIPv4 : .anyIPv6
        let descriptor = socket(peer.isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return unspecified }
        defer { close(descriptor) }
        let isRouted = SocketAddress(ip: peer, port: 5060).withSockAddr { connect(descriptor, $0, $1) == 0 }
        guard isRouted else { return unspecified }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0 else { return unspecified }
                return SocketAddress(address)?.ip ?? unspecified
            }
        }
    }
}
