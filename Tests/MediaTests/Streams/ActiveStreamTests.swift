import RTP
import Reactor
import Testing
import Wire

@testable import Media

/// A stream on its thread's side, in virtual time: legs are rings.
struct ActiveStreamTests {
    private final class Scene {
        let stream: ActiveStream
        let rings = StreamRings(
            id: AudioStreamID(rawValue: 1), rate: .narrowband, heard: RecordingRing(), speech: RecordingRing())
        var events: [AudioStreamEvent] = []
        private(set) var time = 0
        /// Frames that the leg has played, and how often it had none between two of them.
        private(set) var played = 0
        private(set) var gaps = 0
        private(set) var latest: [Int16] = []
        private var wasSilent = true
        private let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: JitterBuffer.longestPayload, alignment: 8)

        init(_ encoding: StreamEncoding = .pcm16, _ tracks: Set<RecordingSide> = [.left]) throws {
            stream = try ActiveStream(
                AudioStreamOrder(encoding: encoding, rate: .narrowband, tracks: tracks), at: .zero)
            stream.add(rings, .left)
        }

        deinit { room.deallocate() }

        private var now: Instant { .zero + .milliseconds(time) }

        /// Frames that the leg has in hand.
        var ahead: Int {
            var count = 0
            while let entry = rings.speech?.front {
                _ = rings.speech?.take(entry, into: room)
                count += 1
            }
            return count
        }

        /// Lets 20 ms pass: the thread looks, and the leg plays.
        func tick() {
            time += 20
            stream.advance(to: now) { events.append($0) }
            guard let entry = rings.speech?.front else { return wasSilent = true }
            if let frame = rings.speech?.take(entry, into: room) { latest = Array(frame.bindMemory(to: Int16.self)) }
            if wasSilent, played > 0 { gaps += 1 }
            wasSilent = false
            played += 1
        }

        func say(frames: Int) { say([UInt8](repeating: 1, count: frames * 320)) }

        func say(_ bytes: [UInt8]) { stream.say(bytes, at: now) { events.append($0) } }

        func mark(_ name: String) { stream.mark(name) { events.append($0) } }

        func hear(_ payload: [UInt8], _ number: Int) {
            let header = RTPHeader(
                marker: false, payloadType: 0, sequenceNumber: UInt16(number), timestamp: UInt32(number) * 160, ssrc: 9)
            payload.withUnsafeBytes { rings.heard.tap.write(header, $0, .pcmu, at: now) }
        }

        var marks: [String] { events.compactMap { if case .marked(let name) = $0 { name } else { nil } } }
    }

    @Test func `each track is heard in frames of 20 ms, silence included`() throws {
        let scene = try Scene(.mulaw, [.left, .right])
        let tone = Sounds.payloads(Sounds.tone(500, seconds: 2, rate: .narrowband), .pcmu, .narrowband)
        for (number, payload) in tone.enumerated() {
            scene.hear(payload, number)
            scene.tick()
        }
        var heard: [RecordingSide: [UInt8]] = [:]
        for case .heard(let side, let bytes) in scene.events { heard[side, default: []] += bytes }
        // The last 20 ms still settle.
        #expect(heard[.left]?.count == 99 * 160 && heard[.right]?.count == 99 * 160)
        let left = (heard[.left] ?? []).dropFirst(8000).map(Ear.muLaw)
        #expect(abs(Ear.frequency(left) - 500) < 2 && Ear.longestGap(left) == 0)
        #expect((heard[.right] ?? []).map(Ear.muLaw).allSatisfy { abs($0) < 10 })
    }

    @Test func `a thread that was away does not send all it has missed`() throws {
        let scene = try Scene()
        scene.tick()
        scene.stream.advance(to: .zero + .seconds(3600)) { scene.events.append($0) }
        #expect(scene.events.count <= 2)
    }

    @Test func `speech that comes in its own time, up to 40 ms late, is heard without a gap`() throws {
        let scene = try Scene()
        var entropy = Entropy(seed: 7)
        let arrivals = (0..<200).map { $0 + Int.random(in: 0...2, using: &entropy) }
        for tick in 0..<210 {
            scene.say(frames: arrivals.count { $0 == tick })
            scene.tick()
        }
        #expect(scene.played == 200 && scene.gaps == 0)
    }

    @Test func `speech that comes too fast waits here, so that it can be cleared`() throws {
        let scene = try Scene()
        for _ in 0..<50 {
            scene.say(frames: 3)
            scene.tick()
            scene.tick()
        }
        scene.mark("end")
        #expect(scene.marks.isEmpty && scene.gaps == 0)
        scene.stream.clear { scene.events.append($0) }
        #expect(scene.marks == ["end"] && scene.ahead <= 3)
    }

    @Test func `a mark is told when the leg has played what was before it`() throws {
        let scene = try Scene()
        scene.mark("first")
        scene.tick()
        #expect(scene.marks == ["first"])
        scene.say(frames: 10)
        scene.mark("middle")
        scene.say(frames: 10)
        scene.mark("end")
        var playedAt: [String: Int] = [:]
        for _ in 0..<40 {
            scene.tick()
            for mark in scene.marks where playedAt[mark] == nil { playedAt[mark] = scene.played }
        }
        #expect(scene.played == 20 && scene.marks == ["first", "middle", "end"])
        #expect((10...12).contains(playedAt["middle"] ?? 0) && playedAt["end"] == 20)
    }

    @Test func `samples may be cut in two, wherever a piece ends`() throws {
        let scene = try Scene()
        let samples = [Int16](repeating: 0x0102, count: 160)
        let bytes = samples.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        for piece in [bytes[..<101], bytes[101..<200], bytes[200...]] { scene.say(Array(piece)) }
        for _ in 0..<4 { scene.tick() }
        #expect(scene.played == 1 && scene.latest == samples)
    }

    @Test func `what finds no room is told, and legs that have gone are forgotten`() throws {
        let scene = try Scene()
        scene.say(frames: 61 * 50)
        #expect(scene.events == [.dropped(milliseconds: 1000)])
        scene.rings.close()
        for _ in 0..<10 { scene.tick() }
        #expect(scene.played == 0)
    }
}
