import RTP
import Testing
import Wire

struct StreamTests {
    private func makeStream(sequence: UInt16 = 999, timestamp: UInt32 = 50_000) -> OutgoingStream {
        OutgoingStream(ssrc: 42, sequenceNumber: sequence, timestamp: timestamp, clockRate: 8000)
    }

    @Test func `a relayed source comes out under our identity, the first packet marked`() throws {
        var stream = makeStream()
        let first = try need(stream.place(header(10, 1000), at: .ms(0)))
        let second = try need(stream.place(header(11, 1160), at: .ms(20)))
        #expect((first.ssrc, first.sequenceNumber, first.marker) == (42, 1000, true))
        #expect((second.sequenceNumber, second.timestamp &- first.timestamp, second.marker) == (1001, 160, false))
    }

    @Test func `a switch of sources leaves no seam and a gap as long as the pause`() throws {
        var stream = makeStream()
        let before = try need(stream.place(header(10, 1000), at: .ms(0)))
        stream.interrupt()
        let after = try need(stream.place(header(60_000, 9, ssrc: 8), at: .ms(500)))
        #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
        #expect(after.timestamp &- before.timestamp == 4000)
        #expect(after.marker)
        let next = try need(stream.place(header(60_001, 169, ssrc: 8), at: .ms(520)))
        #expect((next.sequenceNumber, next.timestamp) == (after.sequenceNumber &+ 1, after.timestamp &+ 160))
    }

    @Test func `another SSRC is a switch without being told`() throws {
        var stream = makeStream()
        let before = try need(stream.place(header(10, 1000), at: .ms(0)))
        let after = try need(stream.place(header(3, 77, ssrc: 9), at: .ms(1)))
        #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
        #expect(after.timestamp &- before.timestamp == 160)
    }

    @Test func `reordering and loss pass through, duplicates of the newest do not`() throws {
        var stream = makeStream()
        _ = stream.place(header(10, 0), at: .ms(0))
        let ahead = try need(stream.place(header(13, 480), at: .ms(60)))
        let late = try need(stream.place(header(12, 320), at: .ms(61)))
        #expect(ahead.sequenceNumber == 1003)
        #expect((late.sequenceNumber, late.timestamp) == (1002, ahead.timestamp &- 160))
        #expect(isNil(stream.place(header(13, 480), at: .ms(62))))
    }

    @Test func `a late packet from before the switch is dropped`() {
        var stream = makeStream()
        _ = stream.place(header(10, 0), at: .ms(0))
        stream.interrupt()
        _ = stream.place(header(20, 1600), at: .ms(40))
        #expect(isNil(stream.place(header(19, 1440), at: .ms(41))))
    }

    @Test func `a stray number is dropped, a jump that holds is followed`() throws {
        var stream = makeStream()
        _ = stream.place(header(10, 0), at: .ms(0))
        #expect(isNil(stream.place(header(40_000, 0), at: .ms(20))))
        let usual = try need(stream.place(header(11, 160), at: .ms(21)))
        #expect(usual.sequenceNumber == 1001)
        #expect(isNil(stream.place(header(30_000, 7), at: .ms(40))))
        let moved = try need(stream.place(header(30_001, 167), at: .ms(60)))
        #expect(moved.sequenceNumber == 1002)
        #expect(moved.timestamp &- usual.timestamp == 312)
    }

    @Test func `a packet that is not passed on leaves no hole`() throws {
        var stream = makeStream()
        _ = stream.place(header(10, 0), at: .ms(0))
        stream.skip(header(11, 160))
        let next = try need(stream.place(header(12, 320), at: .ms(40)))
        #expect(next.sequenceNumber == 1001)
    }

    @Test func `numbers wrap around`() throws {
        var stream = makeStream(sequence: 65_534, timestamp: .max - 100)
        let first = try need(stream.place(header(65_535, .max), at: .ms(0)))
        let second = try need(stream.place(header(0, 159), at: .ms(20)))
        #expect((first.sequenceNumber, second.sequenceNumber) == (65_535, 0))
        #expect(second.timestamp &- first.timestamp == 160)
    }

    @Test func `our own packets keep a steady pace and follow a relay without a seam`() throws {
        var stream = makeStream()
        let relayed = try need(stream.place(header(10, 1000), at: .ms(0)))
        let first = stream.placeOwn(payloadType: 0, samples: 160, at: .ms(100))
        let second = stream.placeOwn(payloadType: 0, samples: 160, at: .ms(123))
        let third = stream.placeOwn(payloadType: 0, samples: 160, at: .ms(140))
        #expect(first.marker && !second.marker)
        #expect(first.sequenceNumber == relayed.sequenceNumber &+ 1)
        #expect(first.timestamp &- relayed.timestamp == 800)
        #expect(second.timestamp &- first.timestamp == 160)
        #expect(third.timestamp &- second.timestamp == 160)
    }

    @Test func `all packets of an event bear its beginning, and the clock goes on from there`() throws {
        var stream = makeStream()
        let audio = try need(stream.place(header(10, 1000), at: .ms(0)))
        stream.beginEvent(at: .ms(20))
        let first = stream.placeEvent(payloadType: 101, isFirst: true)
        let second = stream.placeEvent(payloadType: 101, isFirst: false)
        #expect(first.timestamp == audio.timestamp &+ 160)
        #expect(second.timestamp == first.timestamp)
        let back = try need(stream.place(header(16, 1960), at: .ms(220)))
        #expect(back.timestamp &- first.timestamp == 1600)
        #expect(back.sequenceNumber == second.sequenceNumber &+ 1)
    }
}
