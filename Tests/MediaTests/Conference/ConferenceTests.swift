import Glibc
import RTP
import SDP
import Testing
import Wire

@testable import Media

struct ConferenceTests {
    private static let rate = 16_000.0

    /// How loud one frequency is in what was heard, after the first half second, in dB over a tone of so high a peak.
    private static func level(of frequency: Double, in samples: [Double], peak: Double) -> Double {
        let steady = Array(samples.dropFirst(8000))
        let power = Ear.share(of: frequency, in: steady, rate: rate) * pow(Ear.level(steady), 2)
        return 10 * log10(max(power, 1e-9)) - 10 * log10(peak * peak / 2)
    }

    @Test(arguments: [
        [AudioEncoding.pcmu, .pcma, .g722], [.opus, .opus, .opus], [.pcmu, .g722, .opus], [.pcma, .pcma, .pcma],
    ])
    func `each of three hears the other two, and not itself`(encodings: [AudioEncoding]) throws {
        var conference = try VirtualConference(encodings)
        let tones = [0: 500.0, 1: 900.0, 2: 1300.0]
        let heard = try conference.tones(tones, seconds: 2)
        for (listener, samples) in heard.enumerated() {
            #expect(Ear.longestGap(Array(samples.dropFirst(8000)), rate: Self.rate) == 0)
            for (speaker, frequency) in tones {
                let level = Self.level(of: frequency, in: samples, peak: 6000)
                if speaker == listener {
                    #expect(level < -35, "\(listener) hears itself at \(level) dB")
                } else {
                    #expect(abs(level) < 1, "\(listener) hears \(speaker) at \(level) dB")
                }
            }
        }
    }

    @Test func `of thirty-two, each hears all others and not itself`() throws {
        let encodings = (0..<32).map { [AudioEncoding.pcmu, .pcma, .g722, .opus][$0 % 4] }
        var conference = try VirtualConference(encodings)
        let counted = [conference.value(.conferences), conference.value(.conferenceLegs)]
        #expect(counted == [1, 32])
        let tones = Dictionary(uniqueKeysWithValues: (0..<32).map { ($0, 300 + 90 * Double($0)) })
        let heard = try conference.tones(tones, seconds: 2, peak: 900)
        for (listener, samples) in heard.enumerated() {
            #expect(samples.count >= 30_000)
            for (speaker, frequency) in tones {
                let level = Self.level(of: frequency, in: samples, peak: 900)
                // Opus at a telephone's bit rate was not made for thirty-one tones at once.
                let tolerance = encodings[listener] == .opus ? 8.0 : 3
                if speaker == listener {
                    #expect(level < -14, "\(listener) hears itself at \(level) dB")
                } else {
                    #expect(abs(level) < tolerance, "\(listener) hears \(speaker) at \(level) dB")
                }
            }
        }
    }

    @Test func `two are relayed untouched, before the third comes and after it has left`() throws {
        var conference = try VirtualConference([.opus, .opus, .pcmu])
        let third = conference.phones[2].id
        conference.perform(.unbridge(third))
        for _ in 0..<2 {
            let heard = conference.speak([0: [[1, 2, 3], [4, 5, 6]]], milliseconds: 60)
            #expect(heard[1].map(\.payload) == [[1, 2, 3], [4, 5, 6]])
            #expect(heard[0].isEmpty && heard[2].isEmpty)
            conference.perform(.confer(third, VirtualConference.id))
            let mixed = try conference.tones([2: 700], seconds: 1)[0]
            #expect(mixed.count > 14_000)
            conference.perform(.unbridge(third))
        }
    }

    @Test func `two of different codecs are transcoded`() throws {
        var conference = try VirtualConference([.opus, .pcmu])
        let isTranscoded = conference.transcodes(conference.phones[0])
        #expect(isTranscoded)
        let heard = try conference.tones([0: 700], seconds: 2)
        #expect(Ear.share(of: 700, in: Array(heard[1].dropFirst(8000)), rate: Self.rate) > 0.95)
    }

    @Test func `whoever is alone hears music until the second comes`() throws {
        var conference = try VirtualConference([.pcmu, .pcmu])
        let second = conference.phones[1].id
        conference.perform(.unbridge(second))
        let alone = try conference.tones([:], seconds: 3)
        #expect(Ear.level(alone[0]) > 100)
        conference.perform(.confer(second, VirtualConference.id))
        let together = try conference.tones([:], seconds: 1)
        #expect(together[0].isEmpty)
        conference.perform(.close(second))
        conference.perform(.close(conference.phones[0].id))
        let counted = [conference.value(.conferences), conference.value(.conferenceLegs)]
        #expect(counted == [0, 0])
    }

    @Test func `who is muted or on hold is not heard, and hears the others`() throws {
        var conference = try VirtualConference([.pcmu, .pcmu, .pcmu, .pcmu])
        let phones = conference.phones
        conference.perform(.mute(phones[0].id, true))
        conference.configure(phones[1], .pcmu, direction: .sendonly)
        let tones = [0: 500.0, 1: 900.0, 2: 1300.0]
        let heard = try conference.tones(tones, seconds: 2)
        for listener in [0, 1, 3] {
            #expect(Self.level(of: 500, in: heard[listener], peak: 6000) < -40)
            #expect(Self.level(of: 900, in: heard[listener], peak: 6000) < -40)
            #expect(abs(Self.level(of: 1300, in: heard[listener], peak: 6000)) < 1)
        }
        conference.perform(.mute(phones[0].id, false))
        let later = try conference.tones(tones, seconds: 2)
        #expect(abs(Self.level(of: 500, in: later[3], peak: 6000)) < 1)
    }

    @Test func `it is told who begins to speak and who ceases to`() throws {
        var conference = try VirtualConference([.pcmu, .pcmu, .pcmu])
        let (first, second) = (conference.phones[0].id, conference.phones[1].id)
        _ = try conference.tones([1: 600], seconds: 0.5)
        let begun = conference.speakers
        #expect(begun == [.speaking(second, true)])
        _ = try conference.tones([0: 600], seconds: 1.5)
        let all = conference.speakers
        #expect(all == [.speaking(second, true), .speaking(first, true), .speaking(second, false)])
    }

    @Test func `a member that changes its codec goes on hearing and being heard`() throws {
        var conference = try VirtualConference([.pcmu, .pcmu, .pcmu])
        let phone = conference.phones[0]
        _ = try conference.tones([1: 600], seconds: 1)
        conference.configure(phone, .pcma)
        let packets = conference.speak(
            [1: Sounds.payloads(Sounds.tone(600, seconds: 2, rate: .wideband), .pcmu, .wideband)], milliseconds: 2000)
        #expect(packets[0].allSatisfy { $0.header.payloadType == 8 } && packets[0].count > 90)
        var decoder = try Decoder(.pcma, .wideband)
        let heard = packets[0].flatMap { decoder.decode($0.payload) }
        #expect(Ear.share(of: 600, in: Array(heard.dropFirst(8000)), rate: Self.rate) > 0.95)
    }

    @Test func `too many loud voices are cut off, not turned over`() throws {
        var conference = try VirtualConference([.pcmu, .pcmu, .pcmu, .pcmu])
        let heard = try conference.tones([0: 400, 1: 400, 2: 400], seconds: 2, peak: 20_000)
        let steady = Array(heard[3].dropFirst(8000))
        #expect(Ear.share(of: 400, in: steady, rate: Self.rate) > 0.75)
        #expect(abs(Ear.frequency(steady, rate: Self.rate) - 400) < 4)
    }
}
