import Testing
import Wire

@testable import Media

struct PortAllocatorTests {
    @Test func `only even ports with their odd neighbour in the range are given out`() {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(5701...5708, rest: .seconds(5), entropy: &entropy)
        var seen: Set<UInt16> = []
        while let port = ports.take(at: .zero) { seen.insert(port) }
        #expect(seen == [5702, 5704, 5706])
    }

    @Test func `a port rests before it comes again`() {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(5700...5701, rest: .seconds(5), entropy: &entropy)
        let start = Instant(nanoseconds: 1_000_000_000)
        let first = ports.take(at: start)
        ports.giveBack(first ?? 0, at: start)
        let tooEarly = ports.take(at: start + .milliseconds(4999))
        let inTime = ports.take(at: start + .seconds(5))
        #expect(first == 5700 && tooEarly == nil && inTime == 5700)
    }

    @Test func `ports that rest are told from those that are free`() {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(5700...5707, rest: .seconds(5), entropy: &entropy)
        let start = Instant(nanoseconds: 1_000_000_000)
        for second in 0..<3 {
            guard let port = ports.take(at: start) else { break }
            ports.giveBack(port, at: start + .seconds(Int64(second)))
        }
        #expect(ports.count == 4)
        #expect([2, 5, 6, 7].map { ports.restingCount(at: start + .seconds($0)) } == [3, 2, 1, 0])
    }

    @Test func `the order is shuffled and lasts for ever`() {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(20_000...29_999, rest: .zero, entropy: &entropy)
        var order: [UInt16] = []
        for _ in 0..<20_000 {
            guard let port = ports.take(at: .zero) else { break }
            order.append(port)
            ports.giveBack(port, at: .zero)
        }
        #expect(order.count == 20_000)
        #expect(Set(order.prefix(5000)).count == 5000)
        #expect(Array(order.prefix(5)) != [20_000, 20_002, 20_004, 20_006, 20_008])
        #expect(ports.count == 5000)
    }

    @Test func `another range takes over, and what was in use of the former goes out of use`() {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(5700...5705, rest: .seconds(5), entropy: &entropy)
        let start = Instant(nanoseconds: 1_000_000_000)
        let used = [ports.take(at: start), ports.take(at: start)].compactMap(\.self)
        ports.move(to: 5704...5709, inUse: Set(used), at: start, entropy: &entropy)
        for port in used { ports.giveBack(port, at: start) }
        var seen: Set<UInt16> = []
        while let port = ports.take(at: start + .seconds(5)) { seen.insert(port) }
        #expect(used.count == 2 && seen == [5704, 5706, 5708])
        #expect(ports.count == 0)
    }

    @Test func `a port that rests goes on resting in another range`() {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(5700...5701, rest: .seconds(5), entropy: &entropy)
        let start = Instant(nanoseconds: 1_000_000_000)
        _ = ports.take(at: start)
        ports.giveBack(5700, at: start)
        ports.move(to: 5700...5703, inUse: [], at: start, entropy: &entropy)
        let (first, second) = (ports.take(at: start), ports.take(at: start))
        let later = ports.take(at: start + .seconds(5))
        #expect(first == 5702 && second == nil && later == 5700)
    }

    @Test func `ports that leave while they rest, or in use, have rested when they come back`() throws {
        var entropy = Entropy(seed: 3)
        var ports = PortAllocator(5700...5703, rest: .seconds(5), entropy: &entropy)
        let start = Instant(nanoseconds: 1_000_000_000)
        let used = [ports.take(at: start), ports.take(at: start)].compactMap(\.self)
        try #require(used.count == 2)
        ports.giveBack(used[0], at: start)
        ports.move(to: 5710...5711, inUse: [used[1]], at: start, entropy: &entropy)
        ports.giveBack(used[1], at: start + .seconds(1))
        ports.move(to: 5700...5703, inUse: [], at: start + .seconds(2), entropy: &entropy)
        let early = ports.take(at: start + .milliseconds(4999))
        let first = ports.take(at: start + .seconds(5))
        let between = ports.take(at: start + .milliseconds(5999))
        let second = ports.take(at: start + .seconds(6))
        #expect(early == nil && first == used[0] && between == nil && second == used[1])
    }
}

struct FlowTableTests {
    @Test func `it agrees with a dictionary, whatever is put in and taken out`() {
        let seed = UInt64.random(in: 1...(.max))
        print("flow table, seed \(seed)")
        var entropy = Entropy(seed: seed)
        var table = FlowTable()
        var model: [SocketAddress: LegPointer] = [:]
        let legs = (1...50).compactMap { LegPointer(bitPattern: $0 * 64) }
        for _ in 0..<20_000 {
            let address = SocketAddress(
                ip: IPAddress(v4: UInt32.random(in: 0..<40, using: &entropy)),
                port: UInt16.random(in: 0..<20, using: &entropy))
            guard let leg = legs.randomElement(using: &entropy) else { return }
            switch Int.random(in: 0..<100, using: &entropy) {
            case 0..<55:
                table.insert(leg, at: address)
                model[address] = leg
            case 55..<99:
                table.remove(address, of: leg)
                if model[address] == leg { model[address] = nil }
            default:
                table.removeAll(of: leg)
                model = model.filter { $0.value != leg }
            }
            let found = table.leg(at: address)
            #expect(found == model[address])
        }
        let count = table.count
        #expect(count == model.count)
        for (address, leg) in model {
            let found = table.leg(at: address)
            #expect(found == leg)
        }
    }
}
