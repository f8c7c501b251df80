import Glibc
import Wire

/// The addresses of this machine's interfaces.
enum LocalAddresses {
    /// Usable addresses, IPv4 first; loopback last, for browsers on this machine; link-local ones are left out.
    static func all() -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [.loopbackIPv4] }
        defer { freeifaddrs(list) }
        var found: [IPAddress] = []
        var entry = list
        while let interface = entry?.pointee {
            let isUp = interface.ifa_flags & UInt32(IFF_UP) != 0
            if isUp, let name = interface.ifa_addr, let address = SocketAddress(name)?.ip, !address.isLinkLocal,
                !found.contains(address)
            {
                found.append(address)
            }
            entry = interface.ifa_next
        }
        return found.filter { !$0.isLoopback && $0.isIPv4 } + found.filter { !$0.isLoopback && !$0.isIPv4 }
            + [.loopbackIPv4]
    }
}

extension IPAddress {
    /// fe80::/10 and 169.254.0.0/16.
    var isLinkLocal: Bool { isIPv4 ? v4 >> 16 == 0xA9FE : high >> 54 == 0x3FA }
}
