import Media
import RTP
import SDP
import Testing
import Wire

extension MediaTests {
    struct DigitTests {
        /// The packets of one pressed digit, as a phone sends them.
        private func press(_ code: UInt8, on phone: Phone) {
            for duration in stride(from: UInt16(160), through: 800, by: 160) {
                send(TelephoneEvent(code: code, isEnd: false, duration: duration), phone, first: duration == 160)
            }
            for _ in 0..<3 { send(TelephoneEvent(code: code, isEnd: true, duration: 800), phone, first: false) }
        }

        private func send(_ event: TelephoneEvent, _ phone: Phone, first: Bool) {
            var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
            payload.withUnsafeMutableBytes { event.write(to: $0, at: 0) }
            phone.send(payload, marker: first, type: 101, step: first ? 160 : 0)
        }

        @Test func `a digit is told once and relayed under the other side's number`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig, stream: audio(events: 96)))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            press(5, on: alice)
            var types: Set<UInt8> = []
            var timestamps: Set<UInt32> = []
            for _ in 0..<8 {
                let heard = try #require(bob.receive())
                types.insert(heard.header.payloadType)
                timestamps.insert(heard.header.timestamp)
            }
            #expect(types == [96])
            #expect(timestamps.count == 1)
            #expect(rig.hears(.digit(first, "5", milliseconds: 100)))
            try rig.settle(first)
            #expect(!rig.hasHeard { if case .digit = $0 { true } else { false } })
        }

        @Test func `a leg without telephone-event gets the audio around it without a hole`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig, stream: audio(events: nil)))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1])
            let before = try #require(bob.receive())
            press(11, on: alice)
            alice.send([2])
            let after = try #require(bob.receive())
            #expect(after.payload == [2])
            #expect(after.header.sequenceNumber == before.header.sequenceNumber &+ 1)
            #expect(rig.hears(.digit(first, "#", milliseconds: 100)))
        }

        @Test func `a muted leg's digits are neither told nor relayed`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            rig.on { $0.setMuted(id, true) }
            try rig.settle(id)
            press(1, on: phone)
            // Eight packets a digit: the last of them must have met the muted leg.
            try rig.wait(.sipPacketsReceived, toReach: 8, of: id)
            rig.on { $0.setMuted(id, false) }
            try rig.settle(id)
            press(2, on: phone)
            #expect(rig.hears(.digit(id, "2", milliseconds: 100)))
            #expect(!rig.hasHeard { if case .digit = $0 { true } else { false } })
        }

        @Test func `digits of ours go out one after the other, and the audio waits`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1])
            let before = try #require(bob.receive())
            rig.on { $0.sendDigits("4#", to: second) }
            var receiver = TelephoneEventReceiver(clockRate: 8000)
            var heard = ""
            var next = before.header.sequenceNumber &+ 1
            while heard.count < 2 {
                alice.send([9, 9])
                let packet = try #require(bob.receive())
                #expect(packet.header.sequenceNumber == next)
                next &+= 1
                guard packet.header.payloadType == 101 else { continue }
                let event = try #require(packet.payload.withUnsafeBytes { TelephoneEvent($0) })
                let told = receiver.receive(
                    event, timestamp: packet.header.timestamp, ssrc: packet.header.ssrc, at: .zero)
                if let digit = told.0 ?? told.1 { heard.append(TelephoneEvent.digit(digit.code) ?? "?") }
            }
            #expect(heard == "4#")
        }

        @Test func `a flood of digits is told at the pace of fingers, and the rest is counted`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            #expect(phone.latch())
            let began = ContinuousClock.now
            for _ in 0..<20 {
                for _ in 0..<50 { phone.send(Self.lastOfDigit, type: 101, step: 800) }
                try rig.settle(id)
            }
            var figures = try rig.statistics(of: id)
            while figures.packetsReceived < 1001 { figures = try rig.statistics(of: id) }
            let passed = ContinuousClock.now - began
            var told = 0
            while rig.hasHeard({ if case .digit = $0 { true } else { false } }) {
                _ = rig.event { if case .digit = $0 { true } else { nil } }
                told += 1
            }
            #expect(told >= 16)
            #expect(told <= 18 + Int(passed / .milliseconds(40)))
            #expect(rig.counter(.digitsRefused) == UInt64(1000 - told))
        }

        @Test func `digits that the network held up come together and are all told`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            #expect(phone.latch())
            for _ in 0..<16 { phone.send(Self.lastOfDigit, type: 101, step: 800) }
            for _ in 0..<16 { #expect(rig.hears(.digit(id, "5", milliseconds: 100))) }
            #expect(rig.counter(.digitsRefused) == 0)
        }

        /// The end packet of a `5` of 100 ms.
        private static var lastOfDigit: [UInt8] {
            var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
            payload.withUnsafeMutableBytes {
                TelephoneEvent(code: 5, isEnd: true, duration: 800).write(to: $0, at: 0)
            }
            return payload
        }
    }
}
