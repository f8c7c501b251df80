import RTP
import SDP
import Testing
import Wire

@testable import Media

struct AnnouncementTests {
    private static let rate = SampleRate.narrowband

    private func announcement(_ number: UInt64 = 7, seconds: Double = 0.5, loops: Bool = false) -> Announcement {
        Announcement(
            id: AnnouncementID(rawValue: number),
            sound: Sound(narrow: Sounds.tone(1000, seconds: seconds, rate: Self.rate)), loops: loops)
    }

    /// The first phone says so many frames of 440 Hz; answers what the second one is sent meanwhile.
    private func say(_ frames: Int, _ talk: inout VirtualTalk) -> [SeenPacket] {
        let phone = talk.phones[0]
        let tone = Sounds.tone(440, seconds: Double(frames) / 50, rate: Self.rate)
        var heard: [SeenPacket] = []
        for payload in Sounds.payloads(tone, phone.encoding, Self.rate) {
            let packet = phone.stream.next(
                payload, type: phone.encoding.payloadType, step: phone.encoding.clockRate / 50)
            talk.send(packet, from: phone)
            talk.advance(20)
            heard += talk.phones[1].take()
        }
        return heard
    }

    private func sound(_ packets: [SeenPacket], _ encoding: AudioEncoding) throws -> [Double] {
        var decoder = try Decoder(encoding, Self.rate)
        return packets.flatMap { decoder.decode($0.payload) }
    }

    private func ended(_ talk: borrowing VirtualTalk) -> [MediaEvent] {
        talk.reports.compactMap { report in
            if case .event(let event) = report, case .announced = event { event } else { nil }
        }
    }

    private func expectSeamless(_ packets: [SeenPacket]) {
        for (one, next) in zip(packets, packets.dropFirst()) {
            #expect(next.header.sequenceNumber == one.header.sequenceNumber &+ 1)
            #expect(next.header.ssrc == one.header.ssrc)
            #expect(Int32(bitPattern: next.header.timestamp &- one.header.timestamp) > 0)
        }
    }

    @Test(arguments: [AudioEncoding.pcmu, .pcma, .g722, .opus])
    func `an announcement takes the partner's place until it ends, then the bridge goes on without a seam`(
        listener: AudioEncoding
    ) throws {
        var talk = try VirtualTalk(.pcmu, listener)
        let id = talk.phones[1].id
        var heard = say(50, &talk)
        let before = heard.count
        talk.perform(.announce(announcement(seconds: 1), id))
        heard += say(48, &talk)
        let early = ended(talk)
        #expect(early.isEmpty)
        let during = heard.count
        heard += say(50, &talk)
        let events = ended(talk)
        #expect(events == [.announced(id, AnnouncementID(rawValue: 7), isWhole: true)])
        expectSeamless(heard)
        let first = try sound(Array(heard[10..<before]), listener)
        let second = try sound(Array(heard[before..<during]), listener)
        let third = try sound(Array(heard[during...]), listener)
        #expect(abs(Ear.frequency(Array(first.suffix(3200))) - 440) < 5)
        #expect(abs(Ear.frequency(Array(second.suffix(3200))) - 1000) < 5)
        #expect(abs(Ear.frequency(Array(third.suffix(3200))) - 440) < 5)
    }

    @Test func `the partner of the one who hears it hears everything`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        talk.perform(.announce(announcement(), talk.phones[1].id))
        let tone = Sounds.payloads(Sounds.tone(440, seconds: 0.4, rate: Self.rate), .pcmu, Self.rate)
        #expect(talk.speak(tone, from: 1).count == tone.count)
    }

    @Test(arguments: [AudioEncoding.pcmu, .g722, .opus])
    func `a short sound is heard over the partner, who is heard again when it ends`(listener: AudioEncoding) throws {
        var talk = try VirtualTalk(.pcmu, listener)
        let id = talk.phones[1].id
        var heard = say(50, &talk)
        let before = heard.count
        talk.perform(.interject(announcement(seconds: 0.2).sound, id))
        heard += say(10, &talk)
        let during = heard.count
        heard += say(50, &talk)
        expectSeamless(heard)
        let events = ended(talk)
        #expect(events.isEmpty)
        let tone = try sound(Array(heard[before..<during]), listener)
        #expect(abs(Ear.frequency(Array(tone.suffix(1000))) - 1000) < 10)
        let after = try sound(Array(heard[(during + 5)...]), listener)
        #expect(abs(Ear.frequency(Array(after.suffix(3200))) - 440) < 5)
    }

    @Test func `an announcement waits for the end of a short sound, and nothing of it is lost`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let id = talk.phones[1].id
        talk.perform(.announce(announcement(seconds: 1), id))
        var heard = say(25, &talk)
        talk.perform(.interject(Sound(narrow: Sounds.tone(2000, seconds: 0.2, rate: Self.rate)), id))
        heard += say(10, &talk)
        heard += say(24, &talk)
        let early = ended(talk)
        #expect(early.isEmpty)
        heard += say(2, &talk)
        let events = ended(talk)
        #expect(events == [.announced(id, AnnouncementID(rawValue: 7), isWhole: true)])
        let samples = try sound(Array(heard[25..<35]), .pcmu)
        #expect(abs(Ear.frequency(samples) - 2000) < 10)
        #expect(abs(Ear.frequency(try sound(Array(heard[36..<58]), .pcmu)) - 1000) < 5)
    }

    @Test func `a digit is worth more than the rest of a short sound`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        talk.perform(.interject(announcement(seconds: 2).sound, talk.phones[1].id))
        _ = say(5, &talk)
        let phone = talk.phones[0]
        for _ in 0..<3 {
            talk.send(phone.stream.next([5, 10, 0, 160], type: 101, step: 0), from: phone)
            talk.advance(20)
        }
        let events = talk.phones[1].take().filter { $0.header.payloadType == 101 }
        #expect(events.count == 3)
        #expect(abs(Ear.frequency(try sound(Array(say(20, &talk).suffix(15)), .pcmu)) - 440) < 5)
    }

    @Test func `an announcement that goes round ends when it is stopped`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let id = talk.phones[1].id
        talk.perform(.announce(announcement(seconds: 0.1, loops: true), id))
        let heard = say(50, &talk)
        #expect(abs(Ear.frequency(try sound(heard, .pcmu)) - 1000) < 5)
        let none = ended(talk)
        #expect(none.isEmpty)
        talk.perform(.stopAnnouncement(id))
        talk.perform(.stopAnnouncement(id))
        let events = ended(talk)
        #expect(events == [.announced(id, AnnouncementID(rawValue: 7), isWhole: false)])
        #expect(abs(Ear.frequency(try sound(say(25, &talk), .pcmu)) - 440) < 5)
    }

    @Test func `another announcement ends the first`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let id = talk.phones[1].id
        talk.perform(.announce(announcement(1), id))
        talk.advance(100)
        talk.perform(.announce(announcement(2), id))
        talk.advance(600)
        let events = ended(talk)
        #expect(
            events == [
                .announced(id, AnnouncementID(rawValue: 1), isWhole: false),
                .announced(id, AnnouncementID(rawValue: 2), isWhole: true),
            ])
    }

    @Test func `an announcement to somebody on hold interrupts the music, which goes on where it was`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let phone = talk.phones[1]
        talk.perform(.play(.music, phone.id))
        talk.advance(500)
        talk.perform(.announce(announcement(), phone.id))
        talk.advance(1000)
        let heard = phone.take()
        #expect(heard.count == 75)
        expectSeamless(heard)
        let music = heard[..<25] + heard[50...]
        #expect(music.flatMap(\.payload) == SoundLibrary().music.narrow.prefix(8000).map(G711.muLaw))
        #expect(abs(Ear.frequency(try sound(Array(heard[25..<50]), .pcmu)) - 1000) < 5)
    }

    @Test func `digits of the partner are heard during an announcement, which then goes on`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let (alice, bob) = (talk.phones[0], talk.phones[1])
        _ = say(5, &talk)
        talk.perform(.announce(announcement(), bob.id))
        talk.advance(100)
        _ = bob.take()
        for packet in 1...8 {
            let event: [UInt8] = [5, packet > 5 ? 0x8A : 0x0A, UInt8(packet * 160 >> 8), UInt8(packet * 160 & 0xFF)]
            talk.send(alice.stream.next(event, type: 101, step: packet == 1 ? 160 : 0), from: alice)
            talk.advance(20)
        }
        talk.advance(1000)
        let heard = bob.take()
        #expect(heard.contains { $0.header.payloadType == 101 && $0.payload.first == 5 })
        #expect(heard.last?.header.payloadType == 0)
        let events = ended(talk)
        #expect(events == [.announced(bob.id, AnnouncementID(rawValue: 7), isWhole: true)])
    }

    @Test func `who may not be sent anything lets the announcement go by`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let phone = talk.phones[1]
        talk.configure(phone, .pcmu, direction: .recvonly)
        talk.perform(.announce(announcement(), phone.id))
        talk.advance(600)
        #expect(phone.take().isEmpty)
        let events = ended(talk)
        #expect(events == [.announced(phone.id, AnnouncementID(rawValue: 7), isWhole: true)])
    }
}
