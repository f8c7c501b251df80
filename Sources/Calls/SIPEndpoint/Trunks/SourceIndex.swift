import Directory
import Wire

/// Which trunks a source address may be; the longest prefix knows best.
struct SourceIndex {
    /// Single addresses, and the trunks they belong to, by name.
    private var addresses: [IPAddress: [String]] = [:]
    /// The longest prefix first.
    private var networks: [(network: IPNetwork, trunk: String)] = []

    init(_ trunks: [(trunk: Trunk, addresses: Set<IPAddress>)] = []) {
        for (trunk, found) in trunks.sorted(by: { $0.trunk.name < $1.trunk.name }) {
            let single = trunk.sourceNetworks.filter(\.isSingle).map(\.address)
            for address in found.union(single) { addresses[address, default: []].append(trunk.name) }
            for network in trunk.sourceNetworks where !network.isSingle { networks.append((network, trunk.name)) }
        }
        networks.sort { ($1.network.prefix, $0.trunk) < ($0.network.prefix, $1.trunk) }
    }

    func contains(_ source: IPAddress) -> Bool {
        addresses[source] != nil || networks.contains { $0.network.contains(source) }
    }

    /// The trunks that know the source most closely, by name; several when they share a server.
    func trunks(at source: IPAddress) -> [String] {
        if let known = addresses[source] { return known }
        let matches = networks.filter { $0.network.contains(source) }
        return matches.filter { $0.network.prefix == matches.first?.network.prefix }.map(\.trunk)
    }
}
