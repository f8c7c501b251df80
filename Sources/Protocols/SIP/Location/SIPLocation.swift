package import Wire

/// The servers behind a target, as the name service knows them; drawn anew into an order for each use.
///
/// It is kept for `lifetime` and then located again. Nothing is asked to draw.
package struct SIPLocation: Hashable, Sendable {
    /// One SRV record with its addresses, or a host's own addresses.
    package struct Server: Hashable, Sendable {
        package let priority: UInt16
        package let weight: UInt16
        package let port: UInt16
        package let addresses: [IPAddress]

        package init(priority: UInt16 = 0, weight: UInt16 = 0, port: UInt16, addresses: [IPAddress]) {
            (self.priority, self.weight, self.port) = (priority, weight, port)
            self.addresses = addresses
        }
    }

    /// The servers of one transport.
    package struct Service: Hashable, Sendable {
        package let transport: SIPTransport
        package let servers: [Server]

        package init(transport: SIPTransport, servers: [Server]) {
            (self.transport, self.servers) = (transport, servers)
        }
    }

    package let domain: String
    /// In the order of preference.
    package let services: [Service]
    /// The least lifetime of the answers that led here.
    package let lifetime: Duration

    package init(domain: String, services: [Service], lifetime: Duration) {
        (self.domain, self.services, self.lifetime) = (domain, services, lifetime)
    }

    /// Nothing was found.
    package var isEmpty: Bool { services.allSatisfy { $0.servers.allSatisfy(\.addresses.isEmpty) } }

    /// Every address of every server, in no order of use: those requests from the target may come from.
    package var addresses: Set<IPAddress> {
        Set(services.flatMap { $0.servers.flatMap(\.addresses) })
    }

    /// The servers in the order one request tries them: by priority, and by lot among equals, each with the chance its
    /// weight gives it (RFC 2782).
    package func ordered(using entropy: inout Entropy) -> [SIPDestination] {
        var destinations: [SIPDestination] = []
        for service in services {
            for server in Self.drawn(service.servers, using: &entropy) {
                for ip in server.addresses {
                    let destination = SIPDestination(
                        transport: service.transport, address: SocketAddress(ip: ip, port: server.port), domain: domain)
                    if !destinations.contains(destination) { destinations.append(destination) }
                }
            }
        }
        return destinations
    }

    private static func drawn(_ servers: [Server], using entropy: inout Entropy) -> [Server] {
        Dictionary(grouping: servers, by: \.priority).sorted { $0.key < $1.key }
            .flatMap { weighted($0.value, using: &entropy) }
    }

    /// The lot of RFC 2782: servers of weight 0 come first into the sum, so that they have a small chance.
    private static func weighted(_ servers: [Server], using entropy: inout Entropy) -> [Server] {
        guard servers.count > 1 else { return servers }
        let shuffled = servers.shuffled(using: &entropy)
        var rest = shuffled.filter { $0.weight == 0 } + shuffled.filter { $0.weight > 0 }
        var order: [Server] = []
        while rest.count > 1 {
            let total = rest.reduce(0) { $0 + Int($1.weight) }
            let lot = Int.random(in: 0...total, using: &entropy)
            var sum = 0
            let winner = rest.firstIndex { server in
                sum += Int(server.weight)
                return sum >= lot
            }
            order.append(rest.remove(at: winner ?? 0))
        }
        return order + rest
    }
}
