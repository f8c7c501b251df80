import RTP
import Testing
import Wire

struct TelephoneEventTests {
    private typealias Digit = TelephoneEventReceiver.Digit

    private func event(_ code: UInt8, _ duration: UInt16, end: Bool = false) -> TelephoneEvent {
        TelephoneEvent(code: code, isEnd: end, duration: duration)
    }

    @Test func `the payload is that of RFC 4733`() throws {
        let buffer = PacketBuffer([0, 0, 0, 0, 0])
        event(11, 0x0320, end: true).write(to: buffer.bytes, at: 1)
        #expect(buffer.contents == hex("00 0b8a0320"))
        let read = try #require(TelephoneEvent(UnsafeRawBufferPointer(rebasing: buffer.bytes[1..<5])))
        #expect(read == event(11, 0x0320, end: true))
        #expect(TelephoneEvent(UnsafeRawBufferPointer(rebasing: buffer.bytes[1..<4])) == nil)
    }

    @Test func `sixteen digits have codes and nothing else has`() {
        for (code, digit) in "0123456789*#ABCD".enumerated() {
            #expect(TelephoneEvent.code(digit) == UInt8(code))
            #expect(TelephoneEvent.digit(UInt8(code)) == digit)
        }
        #expect(TelephoneEvent.code("d") == 15)
        #expect(TelephoneEvent.code("x") == nil)
        #expect(TelephoneEvent.digit(16) == nil)
    }

    @Test func `a digit is told once, at its first end packet`() {
        var receiver = TelephoneEventReceiver(clockRate: 8000)
        for duration: UInt16 in [160, 320, 480] {
            let early = receiver.receive(event(5, duration), timestamp: 1000, ssrc: 1, at: .ms(0))
            #expect(early == (nil, nil))
        }
        let told = receiver.receive(event(5, 800, end: true), timestamp: 1000, ssrc: 1, at: .ms(100))
        #expect(told == (Digit(code: 5, milliseconds: 100), nil))
        for _ in 0..<2 {
            let again = receiver.receive(event(5, 800, end: true), timestamp: 1000, ssrc: 1, at: .ms(101))
            #expect(again == (nil, nil))
        }
        #expect(receiver.nextDeadline == .never)
    }

    @Test func `a digit whose end is lost is told at the next one or after a while`() {
        var receiver = TelephoneEventReceiver(clockRate: 8000)
        _ = receiver.receive(event(1, 640), timestamp: 1000, ssrc: 1, at: .ms(0))
        let told = receiver.receive(event(2, 400, end: true), timestamp: 3000, ssrc: 1, at: .ms(250))
        #expect(told == (Digit(code: 1, milliseconds: 80), Digit(code: 2, milliseconds: 50)))
        _ = receiver.receive(event(3, 160), timestamp: 9000, ssrc: 1, at: .ms(1000))
        let early = receiver.expire(.ms(1399))
        let late = receiver.expire(.ms(1400))
        let again = receiver.expire(.ms(9999))
        #expect(early == nil)
        #expect(late == Digit(code: 3, milliseconds: 20))
        #expect(again == nil)
    }

    @Test func `the same digit pressed twice is two digits`() {
        var receiver = TelephoneEventReceiver(clockRate: 8000)
        let first = receiver.receive(event(7, 800, end: true), timestamp: 1000, ssrc: 1, at: .ms(0))
        let late = receiver.receive(event(7, 640), timestamp: 1000, ssrc: 1, at: .ms(1))
        let second = receiver.receive(event(7, 800, end: true), timestamp: 4000, ssrc: 1, at: .ms(300))
        let old = receiver.receive(event(7, 800, end: true), timestamp: 1000, ssrc: 1, at: .ms(301))
        #expect(first.1 != nil && second.0 == nil && second.1 != nil)
        #expect(late == (nil, nil) && old == (nil, nil))
    }

    @Test func `a long event in segments is one digit`() {
        var receiver = TelephoneEventReceiver(clockRate: 8000)
        _ = receiver.receive(event(4, 0xFFFF), timestamp: 1000, ssrc: 1, at: .ms(0))
        _ = receiver.receive(event(4, 160), timestamp: 1000 + 0xFFFF, ssrc: 1, at: .ms(100))
        let told = receiver.receive(event(4, 801, end: true), timestamp: 1000 + 0xFFFF, ssrc: 1, at: .ms(200))
        #expect(told.0 == Digit(code: 4, milliseconds: (0xFFFF + 801) / 8))
    }

    @Test func `digits go out one by one, each ended three times`() {
        var sender = TelephoneEventSender(clockRate: 8000)
        sender.send("1x#")
        var ends: [UInt8: Int] = [:]
        var firsts = 0
        var pauses = 0
        steps: while true {
            switch sender.step() {
            case .event(let event, let isFirst):
                if isFirst { firsts += 1 }
                if event.isEnd {
                    ends[event.code, default: 0] += 1
                    #expect(event.duration == 800)
                }
            case .pause: pauses += 1
            case .idle: break steps
            }
        }
        #expect(firsts == 2)
        #expect(ends == [1: 3, 11: 3])
        #expect(pauses == 8)
        #expect(sender.isIdle)
    }

    @Test func `what a sender sends a receiver understands`() {
        var sender = TelephoneEventSender(clockRate: 48_000)
        var receiver = TelephoneEventReceiver(clockRate: 48_000)
        sender.send("*9D")
        var heard = ""
        var timestamp: UInt32 = 0
        var milliseconds: UInt64 = 0
        while !sender.isIdle {
            if case .event(let event, let isFirst) = sender.step() {
                if isFirst { timestamp &+= 9600 }
                let told = receiver.receive(event, timestamp: timestamp, ssrc: 3, at: .ms(milliseconds))
                if let digit = told.0 ?? told.1 {
                    heard.append(TelephoneEvent.digit(digit.code) ?? "?")
                    #expect(digit.milliseconds == 100)
                }
            }
            milliseconds += 20
        }
        #expect(heard == "*9D")
    }
}
