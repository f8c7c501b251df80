import RTP
import Testing
import Wire

@testable import Media

/// A jitter buffer in virtual time: 20 ms packets of G.711, each filled with its number.
private struct Desk: ~Copyable {
    var buffer = JitterBuffer(clockRate: 8000)
    let start = Instant(nanoseconds: 9_000_000_000)
    var ssrc: UInt32 = 7
    var firstSequence: UInt16 = 65_530
    var firstTimestamp: UInt32 = .max - 500

    /// What a tick answered.
    enum Heard: Equatable {
        case packet(UInt8)
        case missing(UInt32, next: UInt8?)
        case nothing
    }

    mutating func insert(_ number: Int, at milliseconds: Int, size: Int = 160, timestamp: UInt32? = nil) {
        let header = RTPHeader(
            marker: false, payloadType: 0, sequenceNumber: firstSequence &+ UInt16(truncatingIfNeeded: number),
            timestamp: timestamp ?? firstTimestamp &+ UInt32(truncatingIfNeeded: number * size), ssrc: ssrc)
        let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
        let now = start + .milliseconds(Int64(milliseconds))
        payload.withUnsafeBytes { buffer.insert(header, $0, duration: UInt32(size), at: now) }
    }

    mutating func next(at milliseconds: Int) -> Heard {
        switch buffer.next(at: start + .milliseconds(Int64(milliseconds))) {
        case .packet(let payload), .noise(let payload): .packet(payload[0])
        case .missing(let ticks, let next): .missing(ticks, next: next?[0])
        case .nothing: .nothing
        }
    }

    /// Packets that arrive when the list says, and what is heard in the ticks, `phase` after each 20 ms.
    mutating func play(
        _ arrivals: [(number: Int, at: Int)], from first: Int = 0, through last: Int, phase: Int = 10
    ) -> [Heard] {
        var heard: [Heard] = []
        for time in first...last {
            for arrival in arrivals where arrival.at == time { insert(arrival.number, at: time) }
            if time % 20 == phase { heard.append(next(at: time)) }
        }
        return heard
    }
}

struct JitterBufferTests {
    private func spoken(_ heard: [Desk.Heard]) -> [UInt8] {
        heard.compactMap { if case .packet(let number) = $0 { number } else { nil } }
    }

    @Test func `a steady stream comes out as it came, over the wrap of numbers and timestamps`() {
        var desk = Desk()
        let heard = desk.play((0..<100).map { ($0, $0 * 20) }, through: 2100)
        let first = heard.firstIndex(of: .packet(0)) ?? 0
        #expect(first <= 3)
        #expect(heard[first..<first + 100].elementsEqual((0..<100).map { .packet(UInt8($0)) }))
    }

    @Test func `packets out of order are put in order, and those that come twice are dropped`() {
        var desk = Desk()
        let order = (0..<60).map { number in (number: number, at: number * 20 + (number % 3 == 1 ? 25 : 0)) }
        let again = (0..<60).map { number in (number: number, at: number * 20 + 26) }
        #expect(spoken(desk.play(order + again, through: 1500)) == (0..<60).map { UInt8($0) })
        let dropped = desk.buffer.dropped
        #expect(dropped == 60)
    }

    @Test func `a lost packet is told together with the one behind it`() {
        var desk = Desk()
        let heard = desk.play((0..<50).filter { $0 != 30 }.map { ($0, $0 * 20) }, through: 1200)
        let place = heard.firstIndex(of: .packet(29)) ?? 0
        #expect(heard[place + 1] == .missing(160, next: 31))
        #expect(heard[place + 2] == .packet(31))
    }

    @Test func `a late packet is not played any more`() {
        var desk = Desk()
        var arrivals = (0..<50).map { ($0, $0 * 20) }
        arrivals[20].1 += 150
        let heard = desk.play(arrivals, through: 1200)
        #expect(!spoken(heard).contains(20))
        #expect(spoken(heard).contains(21))
        let dropped = desk.buffer.dropped
        #expect(dropped == 1)
    }

    @Test(arguments: [0, 40, 90])
    func `the depth follows the jitter, within its bounds, and nearly all is in time`(jitter: Int) {
        let seed = UInt64.random(in: 1...(.max))
        print("jitter of \(jitter) ms, seed \(seed)")
        var entropy = Entropy(seed: seed)
        var desk = Desk()
        let arrivals = (0..<1500).map { (number: $0, at: $0 * 20 + Int.random(in: 0...jitter, using: &entropy)) }
        let heard = desk.play(arrivals, through: 30_000)
        let depth = desk.buffer.depth
        #expect(depth >= .milliseconds(max(20, jitter * 9 / 10)) && depth <= .milliseconds(max(20, jitter + 10)))
        #expect(spoken(Array(heard.suffix(1000))).count > 950)
    }

    @Test(arguments: [0, 4, 8, 12, 16, 19])
    func `packets are in time whatever the moment of the ticks`(phase: Int) {
        var entropy = Entropy(seed: 80)
        var desk = Desk()
        // The first packet is as fast as any: nothing is played later than it must be.
        let arrivals = (0..<1500).map { number in
            (number: number, at: number * 20 + (number == 0 ? 0 : .random(in: 0...80, using: &entropy)))
        }
        let heard = desk.play(arrivals, through: 30_000, phase: phase)
        #expect(spoken(Array(heard.suffix(1000))).count > 900)
    }

    @Test func `the depth never passes 200 ms`() {
        var desk = Desk()
        for number in 0..<500 { desk.insert(number, at: number * 20 + (number % 2) * 700) }
        let depth = desk.buffer.depth
        #expect(depth == .milliseconds(200))
    }

    @Test func `after a bad time the depth shrinks, and the excess is told`() {
        var desk = Desk()
        var entropy = Entropy(seed: 4)
        let bad = (0..<300).map { ($0, $0 * 20 + Int.random(in: 0...120, using: &entropy)) }
        let good = (300..<1500).map { ($0, $0 * 20) }
        _ = desk.play(bad + good, through: 6000)
        let before = desk.buffer.depth
        _ = desk.play(good, from: 6001, through: 29_950)
        let (after, excess) = (desk.buffer.depth, desk.buffer.excess(at: desk.start + .milliseconds(29_951)))
        #expect(before > .milliseconds(90) && after == .milliseconds(20))
        #expect(excess > 60)
    }

    @Test func `a pause that is sent as a jump of timestamps is a pause, and speech begins in its time`() {
        var desk = Desk()
        for number in 0..<20 { desk.insert(number, at: number * 20) }
        var heard: [Desk.Heard] = []
        for tick in 0..<60 {
            let time = 410 + tick * 20
            // 300 ms of nothing; then numbers go on, and timestamps with the time.
            if tick >= 15, tick < 35 {
                let number = tick + 5
                desk.insert(
                    number, at: time - 10, timestamp: desk.firstTimestamp &+ UInt32(tick + 20) * 160)
            }
            heard.append(desk.next(at: time))
        }
        let (last, first) = (heard.firstIndex(of: .packet(19)) ?? 0, heard.firstIndex(of: .packet(20)) ?? 0)
        #expect(first - last == 16)
        #expect(heard[last + 1..<first].allSatisfy { $0 == .missing(160, next: nil) })
    }

    @Test func `half a second without anything is a rest, and what comes then begins anew`() {
        var desk = Desk()
        var heard = desk.play((0..<10).map { ($0, $0 * 20) }, through: 2000)
        #expect(heard.last == .nothing)
        #expect(heard.filter { $0 == .missing(160, next: nil) }.count == 25)
        heard = desk.play((101..<120).map { ($0, $0 * 20) }, from: 2001, through: 2500)
        #expect(spoken(heard) == (101..<120).map { UInt8($0) })
    }

    @Test(arguments: [true, false])
    func `another source, or other timestamps, are taken up within a moment`(isSource: Bool) {
        var desk = Desk()
        _ = desk.play((0..<50).map { ($0, $0 * 20) }, through: 1000)
        if isSource { (desk.ssrc, desk.firstSequence) = (8, 100) }
        desk.firstTimestamp = 77_777_777
        let heard = desk.play((50..<100).map { ($0, $0 * 20) }, from: 1001, through: 2100)
        #expect(spoken(heard).suffix(45).elementsEqual((55..<100).map { UInt8($0) }))
    }

    @Test(arguments: [150, 400, 700, 1500])
    func `a sender whose clock stood still for a while is heard again at once`(milliseconds: Int) {
        var desk = Desk()
        _ = desk.play((0..<50).map { ($0, $0 * 20) }, through: 1000)
        let late = (50..<150).map { (number: $0, at: $0 * 20 + milliseconds) }
        let heard = desk.play(late, from: 1001, through: 3200 + milliseconds)
        #expect(spoken(heard).count > 90)
    }

    @Test func `a stray number does not disturb, a jump that goes on is followed`() {
        var desk = Desk()
        _ = desk.play((0..<50).map { ($0, $0 * 20) }, through: 1000)
        desk.insert(20_000, at: 1000)
        var heard = desk.play((50..<80).map { ($0, $0 * 20) }, from: 1000, through: 1640)
        #expect(spoken(heard).filter { $0 >= 50 }.elementsEqual((50..<80).map { UInt8($0) }))
        desk.firstSequence &+= 30_000
        heard = desk.play((82..<120).map { ($0, $0 * 20) }, from: 1641, through: 2600)
        #expect(spoken(heard).suffix(35).elementsEqual((85..<120).map { UInt8($0) }))
    }

    @Test func `clocks that drift apart are followed for an hour`() {
        for drift in [-300, 300] {
            var desk = Desk()
            var spoken = 0
            var sent = 0
            for tick in 0..<180_000 {
                let time = tick * 20 + 10
                // So many parts in a million too slow or too fast.
                while sent * 20 + sent * 20 * drift / 1_000_000 <= time {
                    desk.insert(sent, at: max(time - 10, sent * 20 + sent * 20 * drift / 1_000_000))
                    sent += 1
                }
                if case .packet = desk.next(at: time) { spoken += 1 }
                // What the transcoder does: two frames in the time of one.
                if desk.buffer.excess(at: desk.start + .milliseconds(Int64(time))) >= 80 {
                    if case .packet = desk.next(at: time) { spoken += 1 }
                }
            }
            #expect(spoken > sent - 100)
        }
    }

    @Test func `nothing that can be sent upsets it`() {
        let seed = UInt64.random(in: 1...(.max))
        print("hostile packets, seed \(seed)")
        var entropy = Entropy(seed: seed)
        var desk = Desk()
        var time = 0
        for _ in 0..<50_000 {
            time += Int.random(in: 0...30, using: &entropy)
            let header = RTPHeader(
                marker: .random(using: &entropy), payloadType: 0,
                sequenceNumber: Bool.random(using: &entropy)
                    ? .random(in: 0...(.max), using: &entropy) : .random(in: 0...60, using: &entropy),
                timestamp: Bool.random(using: &entropy)
                    ? .random(in: 0...(.max), using: &entropy) : .random(in: 0...9000, using: &entropy),
                ssrc: .random(in: 0...2, using: &entropy) == 0 ? 1 : 2)
            let payload = entropy.bytes(Int.random(in: 0...1500, using: &entropy))
            let now = desk.start + .milliseconds(Int64(time))
            let duration = UInt32.random(in: 0...5760, using: &entropy)
            payload.withUnsafeBytes { desk.buffer.insert(header, $0, duration: duration, at: now) }
            if case .missing(let ticks, _) = desk.buffer.next(at: now) { #expect(ticks <= 480) }
            let excess = desk.buffer.excess(at: now)
            #expect(excess <= 1000)
        }
        // A stream in good order is heard soon after all that.
        (desk.ssrc, desk.firstSequence) = (9, 0)
        let base = time / 20 + 1
        let heard = desk.play((base..<base + 100).map { ($0, $0 * 20) }, from: time, through: time + 2200)
        #expect(spoken(heard).count > 90)
    }
}
