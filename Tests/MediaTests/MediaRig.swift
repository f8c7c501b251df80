import Crypto
import Dispatch
import Media
import Reactor
import SDP
import Synchronization
import Testing
import Wire

/// All tests with real sockets, one after the other: they share ports and two processors.
@Suite(.serialized) struct MediaTests {}

/// A media plane on a real control loop, driven from the test's thread.
final class MediaRig: Sendable {
    let plane: MediaPlane
    private let loop: ControlLoop
    private let events = Mutex<[MediaEvent]>([])
    private let arrived = DispatchSemaphore(value: 0)
    private let lastID = Mutex<UInt64>(0)

    init(_ adjust: (inout MediaConfiguration) -> Void = { _ in }) throws {
        var configuration = MediaConfiguration()
        configuration.bindAddress = .loopbackIPv4
        configuration.browserPort = 0
        configuration.rtpPorts = 41_000...41_999
        adjust(&configuration)
        loop = try ControlLoop()
        let certificate = try Certificate.selfSigned(commonName: "test", now: loop.wallTime)
        plane = try MediaPlane(configuration, loop: loop, certificate: certificate)
        plane.handler = { [weak self] event in
            guard let self else { return }
            events.withLock { $0.append(event) }
            arrived.signal()
        }
        loop.start()
    }

    deinit {
        on { $0.stop() }
        loop.stop()
    }

    /// Runs on the loop and waits for it.
    @discardableResult
    func on<Answer: Sendable>(_ body: @escaping @Sendable (MediaPlane) -> Answer) -> Answer {
        let answer = Mutex<Answer?>(nil)
        let done = DispatchSemaphore(value: 0)
        let plane = plane
        loop.execute {
            let value = body(plane)
            answer.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        guard let value = answer.withLock({ $0 }) else { fatalError("the loop has run the closure") }
        return value
    }

    func makeID() -> MediaLegID {
        MediaLegID(
            rawValue: lastID.withLock { last in
                last += 1
                return last
            })
    }

    /// Waits for the first event that fits and takes it out; nil after ten seconds.
    func event<Found>(_ pick: (MediaEvent) -> Found?) -> Found? {
        let deadline = DispatchTime.now() + .seconds(10)
        while true {
            let found: Found? = events.withLock { events in
                for (index, event) in events.enumerated() {
                    if let found = pick(event) {
                        events.remove(at: index)
                        return found
                    }
                }
                return nil
            }
            if let found { return found }
            if arrived.wait(timeout: deadline) == .timedOut { return nil }
        }
    }

    /// Whether the event came; waits for it.
    func hears(_ wanted: MediaEvent) -> Bool { event { $0 == wanted ? true : nil } ?? false }

    /// Whether such an event has come already.
    func hasHeard(_ fits: (MediaEvent) -> Bool) -> Bool { events.withLock { $0.contains(where: fits) } }

    func statistics(of id: MediaLegID) throws -> LegStatistics {
        let figures = Mutex<LegStatistics?>(nil)
        let done = DispatchSemaphore(value: 0)
        on { plane in
            plane.statistics(of: id) { answer in
                figures.withLock { $0 = answer }
                done.signal()
            }
        }
        guard done.wait(timeout: .now() + .seconds(10)) == .success else { throw RigError.noAnswer }
        return try figures.withLock { figures in
            guard let figures else { throw RigError.noAnswer }
            return figures
        }
    }

    /// Waits until the workers have done everything asked of this leg so far.
    func settle(_ id: MediaLegID) throws { _ = try statistics(of: id) }

    /// Has a leg hear what it says.
    func echo(to id: MediaLegID) throws {
        on { $0.play(.echo, to: id) }
        try settle(id)
    }

    /// Lets the workers go on until they have counted so much.
    func wait(_ wanted: MediaCounter, toReach value: UInt64, of id: MediaLegID) throws {
        for _ in 0..<10_000 where counter(wanted) < value { try settle(id) }
        guard counter(wanted) >= value else { throw RigError.noAnswer }
    }

    func counter(_ counter: MediaCounter) -> UInt64 { plane.counter(counter).reduce(0, &+) }
}

enum RigError: Error {
    case noAnswer
    case refused(MediaError)
    case noSocket
    case notConnected
}

/// G.711 with digits, or what a test asks for instead.
func audio(
    _ codec: Codec = .pcmu, type: UInt8 = 0, events: UInt8? = 101, direction: MediaDirection = .sendrecv
) -> NegotiatedAudio {
    NegotiatedAudio(
        codec: codec, sendPayloadType: type, receivePayloadType: type,
        telephoneEvent: events.map {
            NegotiatedTelephoneEvent(sendPayloadType: $0, receivePayloadType: $0, clockRate: codec.clockRate)
        }, direction: direction)
}
