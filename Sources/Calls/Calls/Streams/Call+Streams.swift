package import CallModel
import Media
import Telemetry
import Web
package import Wire

/// A call's audio stream under way.
final class CallStream {
    let id: AudioStreamID
    let link: StreamLink
    /// Media legs that are on it.
    var legs: Set<MediaLegID> = []
    /// Reached when all has been played that the other end said before it left.
    var lastMark: String?

    init(_ id: AudioStreamID, _ link: StreamLink) { (self.id, self.link) = (id, link) }
}

/// Audio streams of a call: what the parties say goes out, and what the other end says is heard in their place.
extension Call {
    /// One at a time; throws `.invalidState` for a second one, and `.capacityExceeded` when there are too many of all calls.
    func startStream(_ request: StreamRequest) throws(CallError) -> StreamStatus {
        guard stream == nil else { throw .invalidState }
        guard let settings = services.streams, settings.hosts.allow(request.url.host) else { throw .streamHostRefused }
        let opened = services.media.openStream(request.order) { [weak self] event in
            self?.assumeIsolated { $0.streamed(event) }
        }
        guard let opened else { throw .capacityExceeded }
        let status = StreamStatus(id: UUID(using: &entropy), request: request)
        let link = StreamLink(status, call: uuid, loop: loop, settings) { [weak self] event in
            self?.assumeIsolated { $0.streamLink(event) }
        }
        stream = CallStream(opened, link)
        streamLegs()
        logger.info("stream started", [LogField("streamId", status.id), LogField("to", request.url.origin)])
        tell(.stream(status))
        return status
    }

    /// Ends the stream of this id; throws `.streamNotFound` when there is none.
    func stopStream(_ id: UUID) throws(CallError) -> StreamStatus {
        guard let link = stream?.link, link.status.id == id else { throw .streamNotFound }
        endStream("stopped")
        return link.status
    }

    /// Ends the stream, if there is one.
    func endStream(_ reason: String) {
        stream?.link.stop(reason)
    }

    /// Puts the legs on the stream that are joined to the other side, and the caller that still waits for it.
    func streamLegs() {
        guard let stream else { return }
        for leg in live.legs where isStreamed(leg) {
            guard let link = links[leg.id], link.hasTransport, !stream.legs.contains(link.mediaID) else { continue }
            let isCaller = leg.side == .caller
            let hears = stream.link.status.request.audience.includes(isCaller: isCaller)
            services.media.stream(link.mediaID, on: stream.id, isCaller ? .left : .right, hears: hears)
            stream.legs.insert(link.mediaID)
        }
    }

    private func isStreamed(_ leg: Leg) -> Bool {
        switch leg.side {
        case .caller: leg.state.isEstablished
        case .callee: leg.state == .up || leg.state.isOpen && links[leg.id]?.isHeardEarly == true
        case .target: false
        }
    }

    /// Somebody pressed a digit.
    func streamDigit(_ digit: Character, on leg: LegID) {
        guard let stream, let side = live.legs[leg]?.side else { return }
        stream.link.send(StreamMessage.digit(digit, side == .caller ? .left : .right))
    }

    private func streamed(_ event: AudioStreamEvent) {
        guard let stream else { return }
        let link = stream.link
        switch event {
        case .heard(let side, let bytes): link.heard(side, bytes)
        case .marked(let name) where name == stream.lastMark: endStream("closed by the other end")
        case .marked(let name): link.send(StreamMessage.mark(name))
        case .dropped(let milliseconds): link.dropped(milliseconds: milliseconds)
        }
    }

    private func streamLink(_ event: StreamLink.Event) {
        guard let stream else { return }
        switch event {
        case .said(let bytes): services.media.say(bytes, on: stream.id)
        case .command(.mark(let name)): services.media.mark(name, on: stream.id)
        case .command(.clear): services.media.clearSpeech(on: stream.id)
        case .command(.stop): endStream("stopped by the other end")
        case .left: endWhenPlayed(stream)
        case .changed: changed(stream)
        }
    }

    /// The mark is one that nobody else can have set.
    private func endWhenPlayed(_ stream: CallStream) {
        let mark = UUID(using: &entropy).description
        stream.lastMark = mark
        services.media.mark(mark, on: stream.id)
    }

    private func changed(_ stream: CallStream) {
        let status = stream.link.status
        if status.state == .reconnecting {
            // What a bot that has gone was saying is nobody's any more.
            services.media.clearSpeech(on: stream.id)
        } else if status.state == .ended {
            for leg in stream.legs { services.media.endStream(leg, on: stream.id) }
            services.media.closeStream(stream.id)
            self.stream = nil
        }
        logger.info(
            "stream \(status.state.rawValue)",
            [LogField("streamId", status.id), LogField("reason", stream.link.cause ?? "")])
        tell(.stream(status))
    }
}

extension PlayOrder.Audience {
    func includes(isCaller: Bool) -> Bool { self == .both || self == (isCaller ? .caller : .callee) }
}

// What the manager is asked.
extension CallManager {
    package func startStream(_ key: CallKey, _ request: StreamRequest) throws(CallError) -> StreamStatus {
        try ask(key) { call throws(CallError) in try call.startStream(request) }
    }

    package func stopStream(_ key: CallKey, _ id: UUID) throws(CallError) -> StreamStatus {
        try ask(key) { call throws(CallError) in try call.stopStream(id) }
    }

    private func ask(
        _ key: CallKey, _ question: @Sendable (isolated Call) throws(CallError) -> StreamStatus
    ) throws(CallError) -> StreamStatus {
        let result: Result<StreamStatus, CallError> = try call(key).assumeIsolated { call in
            do throws(CallError) {
                return .success(try question(call))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// None for a call that is not live, too.
    package func streams(of key: CallKey) -> [StreamStatus] {
        guard let call = try? call(key) else { return [] }
        return call.assumeIsolated { $0.stream.map { [$0.link.status] } ?? [] }
    }
}
