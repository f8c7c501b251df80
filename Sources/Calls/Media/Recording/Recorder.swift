import Reactor
import Synchronization
import Wire

/// Where recordings go and how much room they get.
package struct RecordingConfiguration: Sendable {
    /// `DATA_DIR`.
    package var dataFolder: String
    /// Bytes of all recordings together (`RECORDING_LIMIT_MB`).
    package var limit = 10_240 << 20
    /// Recordings at once; more would be more than one thread can write.
    package var simultaneous = 1000

    package init(dataFolder: String) { self.dataFolder = dataFolder }
}

/// What the recorder counts for metrics.
package enum RecordingCounter: Int, CaseIterable, Sendable {
    case active
    case completed
    case failed
    case bytes
    /// Packets that found no room, because the disk was too slow.
    case packetsDropped
    /// Files of an earlier run whose headers were mended at start.
    case repaired
}

/// One thread that writes all recordings.
///
/// It drains the rings ten times a second. When it cannot keep up with its disk the rings overflow, and nothing else
/// happens: workers never wait for it. `@unchecked Sendable`: what is mutable is touched on its thread alone.
final class Recorder: @unchecked Sendable {
    /// Packets come first.
    private let thread = BlockingThread(name: "recorder", niceness: 5)
    private let counters = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: RecordingCounter.allCases.count)
    private let configuration: RecordingConfiguration
    private let makeFile: AudioFileMaker

    // On the recorder's thread.
    private var folder: RecordingFolder
    private var recordings: [RecordingID: ActiveRecording] = [:]
    private var isTicking = false

    private static let tick = Duration.milliseconds(100)

    init(_ configuration: RecordingConfiguration, makeFile: @escaping AudioFileMaker = RecordingFormat.makeFile) {
        (self.configuration, self.makeFile) = (configuration, makeFile)
        folder = RecordingFolder(dataFolder: configuration.dataFolder, limit: configuration.limit)
        for index in RecordingCounter.allCases.indices { (counters + index).initialize(to: Atomic(0)) }
        thread.execute { [self] in
            count(.repaired, folder.survey())
            _ = folder.makeRoom(beside: 0)
        }
    }

    deinit {
        counters.deinitialize(count: RecordingCounter.allCases.count)
        counters.deallocate()
    }

    /// A counter's value, from any thread.
    func value(_ counter: RecordingCounter) -> UInt64 { counters[counter.rawValue].load(ordering: .relaxed) }

    /// Begins a recording; `ended` is called once, on the recorder's thread.
    func open(
        _ id: RecordingID, _ order: RecordingOrder, at now: Instant,
        ended: @escaping @Sendable (RecordingOutcome) -> Void
    ) {
        thread.execute { [self] in
            do throws(RecordingFailure) {
                guard folder.makeRoom(beside: activeBytes) else { throw .noRoom }
                let descriptor = try folder.create(order.path)
                recordings[id] = try begin(order, descriptor, at: now, ended: ended)
                count(.active, 1)
                keepTicking()
            } catch {
                count(.failed, 1)
                ended(RecordingOutcome(path: order.path, duration: .zero, failure: error))
            }
        }
    }

    /// Lets a leg be heard on one side of a recording; nil: on both, with all others.
    func add(_ ring: RecordingRing, _ side: RecordingSide?, to id: RecordingID) {
        thread.execute { [self] in
            work(id) { recording throws(RecordingFailure) in
                try recording.add(ring, side)
                return false
            }
        }
    }

    /// Lets the consent tone, which the parties hear from now on, be in a recording.
    func soundTone(on id: RecordingID, at now: Instant) {
        thread.execute { [self] in recordings[id]?.soundTone(at: now) }
    }

    /// Ends a recording with what was said until now.
    func close(_ id: RecordingID, at now: Instant) {
        thread.execute { [self] in
            guard let recording = recordings[id], recording.stopsAt == nil else { return }
            recording.stopsAt = now
        }
    }

    /// Ends all recordings and the thread; idempotent.
    func stop() {
        thread.execute { [self] in
            let now = SystemClock.now()
            for id in Array(recordings.keys) {
                work(id) { recording throws(RecordingFailure) in
                    try recording.finish(at: now)
                    return true
                }
            }
        }
        thread.stop()
    }

    // MARK: - On the thread

    private func begin(
        _ order: RecordingOrder, _ descriptor: Int32, at now: Instant,
        ended: @escaping @Sendable (RecordingOutcome) -> Void
    ) throws(RecordingFailure) -> ActiveRecording {
        do throws(RecordingFailure) {
            return try ActiveRecording(order, descriptor: descriptor, at: now, makeFile: makeFile, ended: ended)
        } catch {
            folder.discard(order.path)
            throw error
        }
    }

    private var activeBytes: Int { recordings.values.reduce(0) { $0 + $1.size } }

    private func keepTicking() {
        guard !isTicking, !recordings.isEmpty else { return }
        isTicking = true
        thread.execute(after: Self.tick) { [weak self] in
            guard let self else { return }
            isTicking = false
            writeAll()
            keepTicking()
        }
    }

    private func writeAll() {
        let hasRoom = folder.makeRoom(beside: activeBytes)
        for id in Array(recordings.keys) {
            work(id) { recording throws(RecordingFailure) in
                guard hasRoom else { throw .noRoom }
                return try recording.advance(to: SystemClock.now())
            }
        }
    }

    /// Works on a recording and lets go of it when it has ended, in whichever way.
    private func work(
        _ id: RecordingID, _ body: (ActiveRecording) throws(RecordingFailure) -> Bool
    ) {
        guard let recording = recordings[id] else { return }
        let size = recording.size
        defer {
            count(.bytes, recording.size - size)
            count(.packetsDropped, recording.takeDropped())
        }
        do throws(RecordingFailure) {
            if try body(recording) { end(id, recording, nil) }
        } catch {
            end(id, recording, error)
        }
    }

    private func end(_ id: RecordingID, _ recording: ActiveRecording, _ failure: RecordingFailure?) {
        recordings[id] = nil
        folder.add(recording.path)
        count(.active, -1)
        count(failure == nil ? .completed : .failed, 1)
        recording.ended(
            RecordingOutcome(
                path: recording.path, duration: recording.duration, failure: failure, packetsDropped: recording.dropped)
        )
    }

    private func count(_ counter: RecordingCounter, _ amount: Int) {
        counters[counter.rawValue].wrappingAdd(UInt64(bitPattern: Int64(amount)), ordering: .relaxed)
    }
}
