import RTP
import Wire

/// Packets on their way back to the one who sent them, a while later.
///
/// Bounded: when it is full the oldest is dropped, and packets too large for a place are not taken.
final class DelayLine {
    private struct Entry {
        var header: RTPHeader
        var dueAt: Instant
    }

    private let memory: UnsafeMutableRawPointer
    private var entries: [Entry] = []
    private var head = 0
    private var count = 0
    private let delay: Duration

    /// Five seconds of 20 ms packets.
    static let capacity = 250
    /// The longest payload: 80 ms of G.711, and more Opus than anybody sends.
    static let longestPayload = 640

    init(delay: Duration) {
        self.delay = delay
        memory = .allocate(byteCount: Self.capacity * Self.longestPayload, alignment: 16)
        let blank = RTPHeader(marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0)
        entries = Array(repeating: Entry(header: blank, dueAt: .never), count: Self.capacity)
    }

    deinit { memory.deallocate() }

    /// Takes a packet in.
    func append(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        guard payload.count <= Self.longestPayload, let source = payload.baseAddress else { return }
        if count == Self.capacity {
            head = (head + 1) % Self.capacity
            count -= 1
        }
        let place = (head + count) % Self.capacity
        entries[place] = Entry(header: header, dueAt: now + delay)
        (memory + place * Self.longestPayload).copyMemory(from: source, byteCount: payload.count)
        count += 1
    }

    /// The next packet whose time has come; its payload is valid until the next `append`.
    func next(at now: Instant) -> (RTPHeader, UnsafeRawBufferPointer)? {
        guard count > 0, entries[head].dueAt <= now else { return nil }
        let place = head
        head = (head + 1) % Self.capacity
        count -= 1
        let header = entries[place].header
        let payload = UnsafeRawBufferPointer(
            start: memory + place * Self.longestPayload, count: header.payloadLength)
        return (header, payload)
    }
}

/// What a leg hears when it hears no other leg.
enum SourcePlayback {
    case sound(SoundPlayerPointer)
    case delay(DelayLine)
}
