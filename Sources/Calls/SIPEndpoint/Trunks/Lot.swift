import Wire

/// The order in which servers, or trunks, are tried: by priority, and by lot among equals (RFC 2782).
enum Lot {
    /// Each of one priority has the chance of coming first that its weight is of the sum; weight 0 hardly any.
    static func drawn<Item>(
        _ items: [Item], priority: (Item) -> Int, weight: (Item) -> Int, using entropy: inout Entropy
    ) -> [Item] {
        if items.count < 2 { return items }
        var groups: [Int: [Item]] = [:]
        for item in items { groups[priority(item), default: []].append(item) }
        var order: [Item] = []
        for group in groups.sorted(by: { $0.key < $1.key }) {
            order += drawn(group.value, weight: weight, using: &entropy)
        }
        return order
    }

    private static func drawn<Item>(
        _ items: [Item], weight: (Item) -> Int, using entropy: inout Entropy
    ) -> [Item] {
        var rest = items.map { (item: $0, weight: bounded(weight($0))) }
        var order: [Item] = []
        while rest.count > 1 {
            var lot = Int.random(in: 0..<rest.reduce(0) { $0 + $1.weight }, using: &entropy)
            let winner = rest.firstIndex { entry in
                defer { lot -= entry.weight }
                return lot < entry.weight
            }
            order.append(rest.remove(at: winner ?? 0).item)
        }
        return order + rest.map(\.item)
    }

    /// A thousandth of a weight of one, for those that have none.
    private static func bounded(_ weight: Int) -> Int { weight <= 0 ? 1 : min(weight, 1_000_000) * 1000 }
}
