import COpus
import RTP
import SDP
import Testing
import Wire

@testable import Media

/// Two different encodings.
struct Pair: Sendable, CustomTestStringConvertible {
    let from: AudioEncoding
    let to: AudioEncoding

    static let all = TranscodingRoute.all.map { Pair(from: $0.from, to: $0.to) }

    var rate: SampleRate { AudioEncoding.commonRate(from, to) }
    var testDescription: String { "\(from.rawValue) to \(to.rawValue)" }

    /// Whether numbers, timestamps and payload types are those of one sender who sends each 20 ms.
    func isOneStream(_ packets: [SeenPacket]) -> Bool {
        zip(packets, packets.dropFirst()).allSatisfy { one, next in
            next.header.sequenceNumber == one.header.sequenceNumber &+ 1 && next.header.ssrc == one.header.ssrc
                && next.header.timestamp == one.header.timestamp &+ to.clockRate / 50 && !next.header.marker
                && next.header.payloadType == to.payloadType
        }
    }

    func decoded(_ packets: [SeenPacket]) throws -> [Double] {
        var decoder = try Decoder(to, rate)
        return packets.flatMap { decoder.decode($0.payload) }
    }
}

struct TranscodingTests {
    @Test(arguments: Pair.all, [440.0, 1004, 2400])
    func `a tone passes between every two codecs, level and frequency kept, without a gap`(
        pair: Pair, frequency: Double
    ) throws {
        var talk = try VirtualTalk(pair.from, pair.to)
        let sound = Sounds.tone(frequency, seconds: 2, rate: pair.rate)
        let packets = talk.speak(Sounds.payloads(sound, pair.from, pair.rate))
        #expect(packets.count > 100 && packets[0].header.marker)
        #expect(pair.isOneStream(packets))
        let rate = Double(pair.rate.rawValue)
        let heard = Array(try pair.decoded(packets)[(pair.rate.rawValue / 4)..<(pair.rate.rawValue * 19 / 10)])
        #expect(abs(Ear.decibels(heard, over: sound.map(Double.init))) < 1)
        #expect(abs(Ear.frequency(heard, rate: rate) / frequency - 1) < 0.01)
        #expect(Ear.longestGap(heard, rate: rate) == 0)
    }

    @Test(arguments: Pair.all)
    func `speech keeps its level between every two codecs`(pair: Pair) throws {
        var talk = try VirtualTalk(pair.from, pair.to)
        let sound = Sounds.speech(seconds: 3, rate: pair.rate, seed: 17)
        let heard = try pair.decoded(talk.speak(Sounds.payloads(sound, pair.from, pair.rate)))
        #expect(abs(Ear.decibels(Array(heard.prefix(sound.count)), over: sound.map(Double.init))) < 1)
    }

    @Test(arguments: Pair.all)
    func `a tone survives 5 % loss and 40 ms jitter between every two codecs`(pair: Pair) throws {
        let seed = UInt64.random(in: 1...(.max))
        print("\(pair.testDescription) over a bad network, seed \(seed)")
        var talk = try VirtualTalk(pair.from, pair.to)
        let sound = Sounds.tone(700, seconds: 6, rate: pair.rate)
        let packets = talk.speak(
            Sounds.payloads(sound, pair.from, pair.rate), loss: 5, jitter: 40, seed: seed)
        #expect(pair.isOneStream(packets))
        let rate = Double(pair.rate.rawValue)
        let heard = Array(try pair.decoded(packets)[(pair.rate.rawValue / 4)..<(pair.rate.rawValue * 58 / 10)])
        #expect(Ear.longestGap(heard, rate: rate) <= 120)
        #expect(abs(Ear.usualFrequency(heard, rate: rate) / 700 - 1) < 0.01)
        #expect(abs(Ear.decibels(heard, over: sound.map(Double.init))) < 2)
        let figures = try #require(talk.statistics(of: talk.phones[0])?.transcoding)
        #expect(figures.from == pair.from && figures.to == pair.to)
        #expect(figures.delay >= .milliseconds(30) && figures.delay <= .milliseconds(60))
        #expect(figures.concealedFrames > 5)
    }

    @Test(arguments: [AudioEncoding.pcmu, .g722], [10, 30, 40, 60])
    func `packets of other lengths come out as 20 ms`(from: AudioEncoding, duration: Int) throws {
        let pair = Pair(from: from, to: .pcma)
        var talk = try VirtualTalk(from, .pcma)
        let sound = Sounds.tone(1004, seconds: 2.4, rate: .narrowband)
        let bytes = Sounds.payloads(sound, from, .narrowband).flatMap { $0 }
        let payloads = stride(from: 0, to: bytes.count, by: duration * 8).map { Array(bytes[$0..<$0 + duration * 8]) }
        let packets = talk.speak(payloads, each: duration)
        #expect(packets.allSatisfy { $0.payload.count == 160 } && pair.isOneStream(packets))
        let heard = Array(try pair.decoded(packets)[2000..<18_000])
        #expect(Ear.longestGap(heard) == 0)
        #expect(Ear.share(of: 1004, in: heard) > 0.98)
    }

    @Test(arguments: [10, 40, 60])
    func `so do those of Opus`(duration: Int) throws {
        let encoder = try #require(opus_encoder_create(48_000, 1, OPUS_APPLICATION_VOIP, nil))
        defer { opus_encoder_destroy(encoder) }
        let size = 48 * duration
        let sound = Sounds.tone(1004, seconds: 2.4, rate: .fullband)
        let payloads = stride(from: 0, to: sound.count, by: size).map { start in
            var payload = [UInt8](repeating: 0, count: 1275)
            let length = opus_encode(encoder, Array(sound[start..<start + size]), Int32(size), &payload, 1275)
            return Array(payload[..<Int(length)])
        }
        var talk = try VirtualTalk(.opus, .pcmu)
        let pair = Pair(from: .opus, to: .pcmu)
        let packets = talk.speak(payloads, each: duration)
        #expect(packets.allSatisfy { $0.payload.count == 160 } && pair.isOneStream(packets))
        let heard = Array(try pair.decoded(packets)[2000..<18_000])
        #expect(Ear.longestGap(heard) == 0)
        #expect(Ear.share(of: 1004, in: heard) > 0.98)
    }

    @Test func `nothing is transcoded between legs of one codec`() throws {
        var talk = try VirtualTalk(.opus, .opus)
        let packets = talk.speak([[1, 2, 3], [4, 5, 6]])
        #expect(packets.map(\.payload) == [[1, 2, 3], [4, 5, 6]])
        #expect(talk.statistics(of: talk.phones[0])?.transcoding == nil)
        let made = TranscodingRoute.all.reduce(0) { $0 + talk.value(.frames, $1.from, $1.to) }
        #expect(made == 0)
    }

    @Test func `a change of codec and back is no seam for the one who listens`() throws {
        var talk = try VirtualTalk(.pcmu, .pcma)
        let speech = Sounds.tone(800, seconds: 0.4, rate: .narrowband)
        var heard: [SeenPacket] = []
        for isTranscoded in [true, false, true] {
            talk.configure(talk.phones[1], isTranscoded ? .pcma : .pcmu)
            #expect((talk.statistics(of: talk.phones[0])?.transcoding != nil) == isTranscoded)
            let transcoders = talk.value(.transcoders, .pcmu, .pcma) + talk.value(.transcoders, .pcma, .pcmu)
            #expect(transcoders == (isTranscoded ? 2 : 0))
            let packets = talk.speak(Sounds.payloads(speech, .pcmu, .narrowband))
            #expect(packets.first?.header.marker == true)
            #expect(packets.allSatisfy { $0.header.payloadType == (isTranscoded ? 8 : 0) })
            heard += packets
        }
        for (one, next) in zip(heard, heard.dropFirst()) {
            #expect(next.header.sequenceNumber == one.header.sequenceNumber &+ 1)
            #expect(Int32(bitPattern: next.header.timestamp &- one.header.timestamp) >= 160)
            #expect(next.header.ssrc == one.header.ssrc)
        }
    }

    @Test func `a stream whose sender rests does so, too, and the pause is in its timestamps`() throws {
        var talk = try VirtualTalk(.pcmu, .opus)
        let speech = Sounds.payloads(Sounds.tone(800, seconds: 1, rate: .narrowband), .pcmu, .narrowband)
        let first = talk.speak(speech)
        talk.advance(3000)
        let pause = talk.phones[1].take()
        #expect(pause.count <= 30)
        talk.phones[0].stream.timestamp &+= 3000 * 8
        let second = talk.speak(speech)
        let (last, next) = (try #require((first + pause).last), try #require(second.first))
        #expect(next.header.marker)
        #expect(next.header.sequenceNumber == last.header.sequenceNumber &+ 1)
        #expect(abs(Double(next.header.timestamp &- last.header.timestamp) / 48_000 - 2.5) < 0.25)
    }

    @Test func `comfort noise goes on until there is speech again`() throws {
        var talk = try VirtualTalk(.pcma, .g722)
        let speech = Sounds.payloads(Sounds.tone(800, seconds: 0.5, rate: .narrowband), .pcma, .narrowband)
        _ = talk.speak(speech)
        let phone = talk.phones[0]
        talk.send(phone.stream.next([45], type: 13), from: phone)
        talk.advance(3000)
        let noise = talk.phones[1].take()
        #expect(noise.count >= 148)
        var decoder = try Decoder(.g722, .narrowband)
        let heard = noise.dropFirst(10).flatMap { decoder.decode($0.payload) }
        #expect(abs(20 * Ear.decimalLogarithm(Ear.level(heard) / 32_768) + 45) < 1.5)
        phone.stream.timestamp &+= 24_000
        let after = talk.speak(speech)
        #expect(Ear.level(after.suffix(10).flatMap { decoder.decode($0.payload) }) > 3000)
    }

    @Test func `who is muted or on hold is not heard, and is when it is over`() throws {
        var talk = try VirtualTalk(.pcmu, .opus)
        let speech = Sounds.payloads(Sounds.tone(800, seconds: 1, rate: .narrowband), .pcmu, .narrowband)
        #expect(talk.speak(speech).count > 45)
        talk.perform(.mute(talk.phones[0].id, true))
        #expect(talk.speak(speech).isEmpty)
        talk.perform(.mute(talk.phones[0].id, false))
        #expect(talk.speak(speech).count > 45)
        talk.configure(talk.phones[1], .opus, direction: .recvonly)
        #expect(talk.speak(speech).isEmpty)
        talk.configure(talk.phones[1], .opus)
        #expect(talk.speak(speech).count > 45)
    }

    @Test func `music and silence take its place, and end with the next bridge`() throws {
        var talk = try VirtualTalk(.opus, .pcmu)
        let speech = Sounds.payloads(Sounds.tone(800, seconds: 1, rate: .narrowband), .opus, .narrowband)
        #expect(talk.speak(speech).count > 45)
        let (first, second) = (talk.phones[0].id, talk.phones[1].id)
        talk.perform(.play(.music, second))
        #expect(talk.value(.transcoders, .opus, .pcmu) == 0)
        let music = talk.speak(speech)
        let samples = music.flatMap { $0.payload.map(Ear.muLaw) }
        #expect(music.count > 45 && Ear.share(of: 800, in: samples) < 0.1)
        talk.perform(.bridge(first, second))
        let heard = talk.speak(speech)
        let voice = heard.dropLast(10).suffix(30).flatMap { $0.payload.map(Ear.muLaw) }
        #expect(Ear.share(of: 800, in: voice) > 0.9)
        talk.perform(.close(first))
        #expect(talk.value(.transcoders, .opus, .pcmu) + talk.value(.transcoders, .pcmu, .opus) == 0)
    }

    @Test(arguments: [Pair(from: .pcmu, to: .opus), Pair(from: .opus, to: .pcma), Pair(from: .g722, to: .pcmu)])
    func `digits reach the other side in its own clock, and the voice goes on after them`(pair: Pair) throws {
        var talk = try VirtualTalk(pair.from, pair.to)
        let speech = Sounds.payloads(Sounds.tone(800, seconds: 0.5, rate: pair.rate), pair.from, pair.rate)
        _ = talk.speak(speech)
        press(9, on: &talk, pair.from.clockRate / 50)
        talk.advance(600)
        let events = talk.phones[1].take().filter { $0.header.payloadType == 101 }
        #expect(!events.isEmpty && Set(events.map(\.header.timestamp)).count == 1)
        let last = events.last?.payload.withUnsafeBytes { TelephoneEvent($0) }
        #expect(last?.code == 9 && last?.isEnd == true)
        #expect(last?.duration == UInt16(pair.to.clockRate / 10))
        talk.phones[0].stream.timestamp &+= pair.from.clockRate * 6 / 10
        let after = try pair.decoded(talk.speak(speech))
        let voice = Array(after.dropLast(pair.rate.rawValue / 5).suffix(pair.rate.rawValue / 5))
        #expect(Ear.share(of: 800, in: voice, rate: Double(pair.rate.rawValue)) > 0.9)
    }

    private func press(_ code: UInt8, on talk: inout VirtualTalk, _ step: UInt32) {
        let phone = talk.phones[0]
        for number in 1...7 {
            let event = TelephoneEvent(
                code: code, isEnd: number > 5, duration: UInt16(step * UInt32(min(number, 5))))
            var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
            payload.withUnsafeMutableBytes { event.write(to: $0, at: 0) }
            let isFirst = number == 1
            talk.send(
                phone.stream.next(payload, marker: isFirst, type: 101, step: isFirst ? step : 0), from: phone)
            talk.advance(20)
        }
    }

    @Test(arguments: Pair.all)
    func `nothing that is sent upsets a transcoder`(pair: Pair) throws {
        let seed = UInt64.random(in: 1...(.max))
        print("\(pair.testDescription), hostile packets, seed \(seed)")
        var entropy = Entropy(seed: seed)
        var talk = try VirtualTalk(pair.from, pair.to)
        let phone = talk.phones[0]
        for _ in 0..<2000 {
            var stream = phone.stream
            if Int.random(in: 0..<4, using: &entropy) == 0 {
                stream.sequence = .random(in: 0...(.max), using: &entropy)
                stream.timestamp = .random(in: 0...(.max), using: &entropy)
            }
            let payload = entropy.bytes(Int.random(in: 0...1500, using: &entropy))
            let type = Int.random(in: 0..<5, using: &entropy) == 0 ? 13 : pair.from.payloadType
            talk.send(stream.next(payload, type: type, step: pair.from.clockRate / 50), from: phone)
            _ = phone.stream.next([], step: pair.from.clockRate / 50)
            talk.advance(Bool.random(using: &entropy) ? 20 : 5)
            _ = talk.phones[1].take()
        }
        talk.advance(1000)
        _ = talk.phones[1].take()
        phone.stream.ssrc = 4711
        let sound = Sounds.tone(800, seconds: 2, rate: pair.rate)
        let heard = try pair.decoded(talk.speak(Sounds.payloads(sound, pair.from, pair.rate)))
        let end = Array(heard.suffix(pair.rate.rawValue / 2).prefix(pair.rate.rawValue / 4))
        #expect(abs(Ear.decibels(end, over: sound.map(Double.init))) < 1)
    }
}
