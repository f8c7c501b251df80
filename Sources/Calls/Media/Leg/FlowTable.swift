import Wire

/// Which leg a browser's datagrams belong to, by their source address: asked for each packet.
///
/// Open addressing with linear probing over memory of its own, so that a look-up counts no reference and compares
/// three words. At most half full; removal moves later entries back, so that there are no gravestones.
struct FlowTable: ~Copyable {
    private struct Entry {
        var high: UInt64
        var low: UInt64
        var port: UInt16
        var leg: LegPointer?
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    private(set) var count = 0

    private static var empty: Entry { Entry(high: 0, low: 0, port: 0, leg: nil) }

    init() {
        mask = 63
        entries = .allocate(capacity: 64)
        entries.initialize(repeating: Self.empty, count: 64)
    }

    deinit { entries.deallocate() }

    @inline(__always)
    func leg(at address: SocketAddress) -> LegPointer? { entries[place(of: address)].leg }

    mutating func insert(_ leg: LegPointer, at address: SocketAddress) {
        if (count + 1) * 2 > mask { grow() }
        let index = place(of: address)
        if entries[index].leg == nil { count += 1 }
        entries[index] = Entry(high: address.ip.high, low: address.ip.low, port: address.port, leg: leg)
    }

    /// Removes an address if it still belongs to the leg.
    mutating func remove(_ address: SocketAddress, of leg: LegPointer) {
        var hole = place(of: address)
        guard entries[hole].leg == leg else { return }
        count -= 1
        var next = (hole + 1) & mask
        while entries[next].leg != nil {
            let home = Self.hash(entries[next].high, entries[next].low, entries[next].port) & mask
            // The entry may fill the hole when its home is not between the two.
            if (next &- home) & mask >= (next &- hole) & mask {
                entries[hole] = entries[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        entries[hole] = Self.empty
    }

    /// Removes all addresses of a leg.
    mutating func removeAll(of leg: LegPointer) {
        var index = 0
        while index <= mask {
            let entry = entries[index]
            if entry.leg == leg {
                let ip = IPAddress(high: entry.high, low: entry.low)
                remove(SocketAddress(ip: ip, port: entry.port), of: leg)
            } else {
                index += 1
            }
        }
    }

    @inline(__always)
    private func place(of address: SocketAddress) -> Int {
        var index = Self.hash(address.ip.high, address.ip.low, address.port) & mask
        while entries[index].leg != nil {
            let isSame =
                entries[index].low == address.ip.low && entries[index].port == address.port
                && entries[index].high == address.ip.high
            if isSame { break }
            index = (index + 1) & mask
        }
        return index
    }

    /// Multiplication by the golden ratio; only authenticated addresses get in, so nobody can choose collisions cheaply.
    @inline(__always)
    private static func hash(_ high: UInt64, _ low: UInt64, _ port: UInt16) -> Int {
        let mixed = (high ^ low &+ UInt64(port) &* 0x1_0001_0001) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32)
    }

    private mutating func grow() {
        let (old, size) = (entries, mask + 1)
        mask = size * 2 - 1
        entries = .allocate(capacity: size * 2)
        entries.initialize(repeating: Self.empty, count: size * 2)
        for index in 0..<size {
            guard old[index].leg != nil else { continue }
            let ip = IPAddress(high: old[index].high, low: old[index].low)
            entries[place(of: SocketAddress(ip: ip, port: old[index].port))] = old[index]
        }
        old.deallocate()
    }
}
