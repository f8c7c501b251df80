import Glibc
import RTP
import Testing
import Wire

@testable import Media

/// A leg on an audio stream, on its worker: alone with its partner, and in a conference.
struct LegStreamTests {
    private static let stream = AudioStreamID(rawValue: 5)

    private static func rings(hears: Bool = true) -> StreamRings {
        StreamRings(
            id: stream, rate: .wideband, heard: RecordingRing(), speech: hears ? RecordingRing() : nil)
    }

    /// Puts a tone into the ring, as the streams' thread does.
    private static func say(_ frequency: Double, seconds: Double, _ rings: StreamRings) {
        let header = RTPHeader(marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0)
        for frame in Sounds.frames(Sounds.tone(frequency, seconds: seconds, rate: .wideband), .wideband) {
            frame.withUnsafeBytes { rings.speech?.tap.write(header, $0, .pcmu, at: .zero) }
        }
    }

    /// What the ring of what is heard holds, decoded.
    private static func heard(_ rings: StreamRings, _ encoding: AudioEncoding) throws -> [Double] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: JitterBuffer.longestPayload, alignment: 8)
        defer { room.deallocate() }
        var decoder = try Decoder(encoding, .wideband)
        var samples: [Double] = []
        while let entry = rings.heard.front { samples += decoder.decode(Array(rings.heard.take(entry, into: room))) }
        return samples
    }

    /// Whether one frequency is heard and the other is not; codecs and what is made up for gaps add a little noise.
    private static func hears(
        _ frequency: Double, not other: Double, in packets: [SeenPacket], _ encoding: AudioEncoding
    ) throws -> Bool {
        var decoder = try Decoder(encoding, .wideband)
        let samples = Array(packets.flatMap { decoder.decode($0.payload) }.dropFirst(6000))
        let shares = [frequency, other].map { Ear.share(of: $0, in: samples, rate: 16_000) }
        return shares[0] > 0.85 && shares[1] < 0.02
    }

    private static func tone(_ frequency: Double, _ phone: VirtualPhone, seconds: Double = 1) -> [[UInt8]] {
        Sounds.payloads(Sounds.tone(frequency, seconds: seconds, rate: .wideband), phone.encoding, .wideband)
    }

    @Test(arguments: [
        (AudioEncoding.pcmu, AudioEncoding.pcmu), (.opus, .opus), (.g722, .pcma), (.opus, .pcmu),
    ])
    func `a stream hears a leg and is heard in place of its partner, until it has nothing to say`(
        _ from: AudioEncoding, _ to: AudioEncoding
    ) throws {
        var talk = try VirtualTalk(from, to)
        let (speaker, listener) = (talk.phones[0], talk.phones[1])
        let (hearing, speaking) = (Self.rings(hears: false), Self.rings())
        talk.perform(.stream(speaker.id, hearing))
        talk.perform(.stream(listener.id, speaking))
        let before = talk.speak(Self.tone(500, speaker))
        #expect(try Self.hears(500, not: 1300, in: before, to))
        #expect(try Ear.share(of: 500, in: Array(Self.heard(hearing, from).dropFirst(4000)), rate: 16_000) > 0.95)
        Self.say(1300, seconds: 1.1, speaking)
        let during = talk.speak(Self.tone(500, speaker))
        #expect(try Self.hears(1300, not: 500, in: during, to) && abs(during.count - 55) < 3)
        _ = talk.speak(Self.tone(500, speaker, seconds: 0.3))
        let after = talk.speak(Self.tone(500, speaker))
        #expect(try Self.hears(500, not: 1300, in: after, to))
        #expect(try Self.heard(speaking, to).isEmpty, "the listener said nothing")
        // One stream of packets throughout.
        let sequence = (before + during + after).map(\.header.sequenceNumber)
        #expect(Set((before + after).map(\.header.ssrc)).count == 1 && Set(sequence).count == sequence.count)
    }

    @Test func `after its end a leg hears its partner again, and the rings are closed`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let (speaker, listener) = (talk.phones[0], talk.phones[1])
        let rings = Self.rings()
        talk.perform(.stream(listener.id, rings))
        Self.say(1300, seconds: 1, rings)
        _ = talk.speak(Self.tone(500, speaker, seconds: 0.2))
        talk.perform(.endStream(listener.id, AudioStreamID(rawValue: 6)))
        #expect(!rings.heard.isClosed)
        talk.perform(.endStream(listener.id, Self.stream))
        #expect(rings.heard.isClosed && rings.speech?.isClosed == true)
        let after = talk.speak(Self.tone(500, speaker))
        #expect(after.count >= 50)
        #expect(try Self.hears(500, not: 1300, in: after, .pcmu))
        let others = Self.rings()
        talk.perform(.stream(listener.id, others))
        talk.perform(.close(listener.id))
        #expect(others.heard.isClosed && others.speech?.isClosed == true)
        let late = Self.rings()
        talk.perform(.stream(listener.id, late))
        #expect(late.heard.isClosed)
    }

    @Test func `whoever is muted is not heard by a stream either`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let rings = Self.rings()
        talk.perform(.stream(talk.phones[0].id, rings))
        talk.perform(.mute(talk.phones[0].id, true))
        _ = talk.speak(Self.tone(500, talk.phones[0]))
        #expect(try Self.heard(rings, .pcmu).isEmpty)
    }

    @Test func `whoever is on hold is heard by nobody`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let (rings, speaker) = (Self.rings(), talk.phones[0])
        talk.perform(.stream(speaker.id, rings))
        talk.perform(.unbridge(speaker.id))
        _ = talk.speak(Self.tone(500, speaker))
        #expect(try Self.heard(rings, .pcmu).isEmpty)
        talk.perform(.bridge(speaker.id, talk.phones[1].id))
        _ = talk.speak(Self.tone(500, speaker))
        #expect(try Self.heard(rings, .pcmu).count > 15_000)
    }

    @Test func `a digit that is withheld from the partner is withheld from the stream`() throws {
        var talk = try VirtualTalk(.pcmu, .pcmu)
        let (rings, speaker) = (Self.rings(), talk.phones[0])
        talk.configure(speaker, .pcmu, events: nil)
        talk.perform(.setDTMF(.inBand, speaker.id))
        talk.perform(.setDTMF(.telephoneEvents, talk.phones[1].id))
        talk.perform(.stream(speaker.id, rings))
        let pressed = try #require(DigitTones().frames(5, .pcmu))
        #expect(pressed.count >= 10 * 160)
        let packets = stride(from: 0, to: pressed.count - 159, by: 160).map { Array(pressed[$0..<($0 + 160)]) }
        let heard = talk.speak(packets).filter { $0.header.payloadType == 0 }.count
        #expect(heard < packets.count, "withheld from the partner")
        var streamed = 0
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: JitterBuffer.longestPayload, alignment: 8)
        defer { room.deallocate() }
        while let entry = rings.heard.front {
            _ = rings.heard.take(entry, into: room)
            streamed += 1
        }
        #expect(streamed == heard)
    }

    @Test(arguments: [2, 3])
    func `in a conference a stream hears its member alone, and is heard by it alone`(_ members: Int) throws {
        var conference = try VirtualConference(Array([.g722, .pcmu, .opus].prefix(members)))
        let (phones, rings) = (conference.phones, Self.rings())
        conference.perform(.stream(phones[0].id, rings))
        Self.say(1300, seconds: 1.2, rings)
        let packets = conference.speak(
            [0: Self.tone(500, phones[0]), 1: Self.tone(900, phones[1])], milliseconds: 1000)
        #expect(try Self.hears(1300, not: 900, in: packets[0], .g722))
        #expect(try Self.hears(500, not: 1300, in: packets[1], .pcmu))
        #expect(try Ear.share(of: 500, in: Array(Self.heard(rings, .g722).dropFirst(4000)), rate: 16_000) > 0.95)
        let later = conference.speak([1: Self.tone(900, phones[1], seconds: 1.5)], milliseconds: 1500)
        #expect(try Self.hears(900, not: 1300, in: Array(later[0].dropFirst(20)), .g722))
        // Whoever leaves and comes back is on the stream still.
        conference.perform(.unbridge(phones[0].id))
        conference.perform(.confer(phones[0].id, VirtualConference.id))
        Self.say(1300, seconds: 1.2, rings)
        let again = conference.speak([1: Self.tone(900, phones[1])], milliseconds: 1000)
        #expect(try Self.hears(1300, not: 900, in: again[0], .g722))
        conference.perform(.endStream(phones[0].id, Self.stream))
        let without = conference.speak([1: Self.tone(900, phones[1])], milliseconds: 1000)
        #expect(try Self.hears(900, not: 1300, in: without[0], .g722))
    }
}
