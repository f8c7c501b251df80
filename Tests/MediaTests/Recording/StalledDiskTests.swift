import Dispatch
import Glibc
import RTP
import Reactor
import Synchronization
import Testing
import Wire

@testable import Media

/// A disk that takes nothing until it is let.
private final class StalledDisk: Sendable {
    private let isOpen = Locked(false)
    private let opened = DispatchSemaphore(value: 0)
    private let stalled = DispatchSemaphore(value: 0)

    func makeFile(_: RecordingFormat, _ descriptor: Int32, _: SampleRate) throws(RecordingFailure) -> any AudioFile {
        close(descriptor)
        return File(disk: self)
    }

    /// Waits until somebody wants to write.
    func waitForWriter() throws { try #require(stalled.wait(timeout: .now() + .seconds(60)) == .success) }

    func open() {
        isOpen.withLock { $0 = true }
        opened.signal()
    }

    private func write() {
        guard !isOpen.withLock({ $0 }) else { return }
        stalled.signal()
        opened.wait()
    }

    private final class File: AudioFile {
        private let disk: StalledDisk
        private(set) var size = 0

        init(disk: StalledDisk) { self.disk = disk }

        func write(_ samples: UnsafeBufferPointer<Int16>) throws(RecordingFailure) {
            disk.write()
            size += samples.count * 2
        }

        func flush() throws(RecordingFailure) {}
        func finish() throws(RecordingFailure) {}
    }
}

/// Speaks into many recordings at once, as a worker does.
private final class Speakers {
    let rings: [RecordingRing]
    private var spoken = 0
    private let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: 160, alignment: 16)
    private let beganAt: Instant

    init(_ count: Int, at beganAt: Instant) {
        rings = (0..<count).map { _ in RecordingRing() }
        self.beganAt = beganAt
        payload.initializeMemory(as: UInt8.self, repeating: 0x55)
    }

    deinit { payload.deallocate() }

    /// So many packets of 20 ms into each, faster than anybody speaks.
    func speak(_ packets: Int) {
        for number in spoken..<(spoken + packets) {
            let header = RTPHeader(
                marker: false, payloadType: 8, sequenceNumber: UInt16(truncatingIfNeeded: number),
                timestamp: UInt32(number * 160), ssrc: 7)
            let arrival = beganAt + .milliseconds(Int64(number * 2))
            for ring in rings { ring.tap.write(header, UnsafeRawBufferPointer(payload), .pcma, at: arrival) }
        }
        spoken += packets
    }

    /// Packets that found no room, in all.
    var dropped: UInt64 { rings.reduce(0) { $0 + $1.dropped } }
}

extension MediaTests {
    /// What a disk that stands still costs: gaps in the recordings, and nothing else.
    struct StalledDiskTests {
        private static let recordings = 500
        /// Of 20 ms each: more than the rings hold.
        private static let packets = 500

        private final class Outcomes: Sendable {
            let all = Mutex<[RecordingOutcome]>([])
            let ended = DispatchSemaphore(value: 0)

            func add(_ outcome: RecordingOutcome) {
                all.withLock { $0.append(outcome) }
                ended.signal()
            }
        }

        @Test func `500 recordings on a disk that stands still keep nobody waiting, and what is lost is counted`()
            throws
        {
            let (folder, disk, outcomes) = (try TestFolder(), StalledDisk(), Outcomes())
            let recorder = Recorder(RecordingConfiguration(dataFolder: folder.path), makeFile: disk.makeFile)
            defer { recorder.stop() }
            let now = SystemClock.now()
            let beganAt = Instant(nanoseconds: now.nanoseconds - 1_000_000_000)
            let speakers = Speakers(2 * Self.recordings, at: beganAt)
            for index in 0..<Self.recordings {
                let id = RecordingID(rawValue: UInt64(index + 1))
                recorder.open(
                    id, RecordingOrder(path: somePath(part: index + 1), isWideband: false), at: beganAt,
                    ended: outcomes.add)
                recorder.add(speakers.rings[2 * index], .left, to: id)
                recorder.add(speakers.rings[2 * index + 1], .right, to: id)
            }
            try disk.waitForWriter()
            // Nothing below comes back before it is done: were anybody to wait for the disk, it would be for ever.
            speakers.speak(Self.packets)
            let dropped = speakers.dropped
            #expect(dropped > UInt64(speakers.rings.count * 100))
            for ring in speakers.rings { ring.close() }
            for index in 0..<Self.recordings { recorder.close(RecordingID(rawValue: UInt64(index + 1)), at: now) }
            disk.open()
            for _ in 0..<Self.recordings {
                try #require(outcomes.ended.wait(timeout: .now() + .seconds(120)) == .success)
            }
            let all = outcomes.all.withLock { $0 }
            #expect(all.allSatisfy { $0.failure == nil && $0.duration >= .seconds(1) })
            #expect(all.reduce(0) { $0 + $1.packetsDropped } == dropped)
            #expect(recorder.value(.packetsDropped) == dropped)
            #expect(recorder.value(.completed) == UInt64(Self.recordings) && recorder.value(.active) == 0)
        }

        @Test(arguments: [AudioEncoding.pcmu, .g722])
        func `a call whose recorder reads nothing goes on packet by packet`(encoding: AudioEncoding) throws {
            var talk = try VirtualTalk(encoding, encoding)
            let rings = [RecordingRing(), RecordingRing()]
            for (phone, ring) in zip(talk.phones, rings) {
                talk.perform(.record(phone.id, ring, RecordingID(rawValue: 1)))
            }
            let payload = [UInt8](repeating: 0x55, count: 160)
            for number in 0..<1000 {
                for (index, phone) in talk.phones.enumerated() {
                    let packet = phone.stream.next(payload, type: phone.encoding.payloadType, step: 160)
                    talk.send(packet, from: phone)
                    // Before any time has passed.
                    let relayed = talk.phones[1 - index].take().count
                    #expect(relayed == 1, "packet \(number)")
                }
                talk.advance(20)
            }
            #expect(rings.allSatisfy { $0.dropped > 500 })
        }
    }
}
