package import Wire

/// Counts what each client address has open, so that none takes more than its share.
///
/// Its memory is bounded by what it counts.
package struct AddressTally: Sendable {
    private let limit: Int
    private var counts: [IPAddress: Int] = [:]

    /// At most `limit` for each address.
    package init(limit: Int) { self.limit = limit }

    /// Counts one more of an address, if it may have it; each that was admitted is released once.
    package mutating func admit(_ address: IPAddress) -> Bool {
        guard hasRoom(for: address) else { return false }
        counts[address.subscriber, default: 0] += 1
        return true
    }

    package func hasRoom(for address: IPAddress) -> Bool { counts[address.subscriber, default: 0] < limit }

    package mutating func release(_ address: IPAddress) {
        let left = counts[address.subscriber, default: 1] - 1
        counts[address.subscriber] = left > 0 ? left : nil
    }
}

extension IPAddress {
    /// Whom an address is counted for: an IPv6 client may take any address of its /64.
    var subscriber: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }
}
