import Reactor
import Wire

/// The audio streams as the control loop knows them: which run, and the thread between them and the workers.
///
/// `@unchecked Sendable`: what is mutable is touched on the control loop only.
final class StreamDesk: @unchecked Sendable {
    fileprivate struct Stream {
        let order: AudioStreamOrder
        let tell: (AudioStreamEvent) -> Void
    }

    fileprivate var running: [AudioStreamID: Stream] = [:]
    private var last: UInt64 = 0
    private let loop: any EventLoop
    /// Made for the first stream: most houses have none.
    ///
    /// Its thread has ended before this is gone (`stop`).
    fileprivate private(set) var streamer: Streamer?
    /// Streams at once: each of them is up to 100 messages a second, or 0.1 % of a core, for the control loop.
    private static let limit = 300

    init(loop: any EventLoop) { self.loop = loop }

    fileprivate func begin(_ stream: Stream) -> AudioStreamID? {
        guard running.count < Self.limit else { return nil }
        last += 1
        let id = AudioStreamID(rawValue: last)
        running[id] = stream
        let loop = loop
        let streamer =
            self.streamer
            ?? Streamer { [unowned self] batch in loop.execute { [self] in receive(batch) } }
        self.streamer = streamer
        streamer.open(id, stream.order)
        return id
    }

    private func receive(_ batch: Streamer.Batch) {
        for (id, event) in batch { running[id]?.tell(event) }
    }

    func stop() { streamer?.stop() }
}

extension MediaPlane {
    package func openStream(
        _ order: AudioStreamOrder, then: @escaping (AudioStreamEvent) -> Void
    ) -> AudioStreamID? { streams.begin(StreamDesk.Stream(order: order, tell: then)) }

    package func stream(_ id: MediaLegID, on stream: AudioStreamID, _ side: RecordingSide, hears: Bool) {
        guard let order = streams.running[stream]?.order, isOpen(id) else { return }
        let leg = StreamRings(
            id: stream, rate: order.rate, heard: RecordingRing(), speech: hears ? RecordingRing() : nil)
        streams.streamer?.add(leg, side)
        send(.stream(id, leg), about: id)
    }

    package func endStream(_ id: MediaLegID, on stream: AudioStreamID) { send(.endStream(id, stream), about: id) }

    package func say(_ bytes: [UInt8], on stream: AudioStreamID) { streams.streamer?.say(bytes, stream) }

    package func mark(_ name: String, on stream: AudioStreamID) { streams.streamer?.mark(name, stream) }

    package func clearSpeech(on stream: AudioStreamID) { streams.streamer?.clear(stream) }

    package func closeStream(_ stream: AudioStreamID) {
        streams.running[stream] = nil
        streams.streamer?.close(stream)
    }
}
