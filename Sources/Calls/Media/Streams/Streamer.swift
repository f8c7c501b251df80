import Reactor
import Wire

/// One thread that takes the calls' audio to streams, and what streams say to the calls: each 20 ms.
///
/// Workers never wait for it: when it is late, rings overflow. `@unchecked Sendable`: what is mutable is touched on its
/// thread alone.
final class Streamer: @unchecked Sendable {
    typealias Batch = [(AudioStreamID, AudioStreamEvent)]

    private let thread = BlockingThread(name: "streams")
    private let deliver: @Sendable (Batch) -> Void
    private var streams: [AudioStreamID: ActiveStream] = [:]
    private var batch: Batch = []
    private var isTicking = false

    private static let tick = Duration.milliseconds(20)

    /// `deliver` is called on the streams' thread.
    init(deliver: @escaping @Sendable (Batch) -> Void) { self.deliver = deliver }

    /// Without memory there is silence.
    func open(_ id: AudioStreamID, _ order: AudioStreamOrder) {
        thread.execute { [self] in
            streams[id] = try? ActiveStream(order, at: SystemClock.now())
            keepTicking()
        }
    }

    func add(_ leg: StreamRings, _ side: RecordingSide) {
        thread.execute { [self] in streams[leg.id]?.add(leg, side) }
    }

    func say(_ bytes: [UInt8], _ id: AudioStreamID) {
        thread.execute { [self] in streams[id]?.say(bytes, at: SystemClock.now()) { batch.append((id, $0)) } }
    }

    func mark(_ name: String, _ id: AudioStreamID) {
        thread.execute { [self] in streams[id]?.mark(name) { batch.append((id, $0)) } }
    }

    func clear(_ id: AudioStreamID) {
        thread.execute { [self] in
            streams[id]?.clear { batch.append((id, $0)) }
            flush()
        }
    }

    func close(_ id: AudioStreamID) { thread.execute { [self] in streams[id] = nil } }

    /// Ends all streams and the thread; idempotent.
    func stop() {
        thread.execute { [self] in streams = [:] }
        thread.stop()
    }

    private func keepTicking() {
        guard !isTicking, !streams.isEmpty else { return }
        isTicking = true
        thread.execute(after: Self.tick) { [weak self] in
            guard let self else { return }
            isTicking = false
            let now = SystemClock.now()
            for (id, stream) in streams { stream.advance(to: now) { batch.append((id, $0)) } }
            flush()
            keepTicking()
        }
    }

    private func flush() {
        guard !batch.isEmpty else { return }
        deliver(batch)
        batch = []
    }
}
