import Wire

/// The latest events, for clients that come back after their connection broke.
///
/// What is older than a minute, or more than a thousand events or a few megabytes ago, is forgotten; whoever asks for
/// something of that time is told so.
struct EventJournal: Sendable {
    static let maximumCount = 1000
    static let maximumAge = Duration.seconds(60)
    /// Of texts in each style that was asked for, and of the frames made of them.
    static let maximumBytes = 12 << 20
    /// What one client is sent at once: what waits for a socket has its limit, too.
    static let maximumReplayedBytes = 512 << 10

    private struct Entry: Sendable {
        let at: Instant
        let number: UInt64
        let audience: Audience
        var encoder: EventEncoder
        var size: Int
    }

    /// Why a client cannot be given what it missed.
    enum Gap: String, Error {
        /// The program was started anew, or it is another one.
        case restarted
        case tooOld = "too-old"
        case tooMany = "too-many"
        /// It is no name of an event of ours.
        case unknown
    }

    private let run: String
    private var last: UInt64 = 0
    /// The newest event that somebody may have missed and that is not here (any more).
    private var forgotten: UInt64 = 0
    private var entries: [Entry] = []
    /// How many entries at the front are over, and only take their place.
    private var head = 0
    private var bytes = 0

    /// `run` tells this run of the program from all others.
    init(run: String) { self.run = run }

    /// Gives an event its name.
    mutating func encoder(for event: SignallingEvent) -> EventEncoder {
        last += 1
        return EventEncoder(event, id: EventID(run: run, number: last))
    }

    mutating func keep(_ encoder: EventEncoder, for audience: Audience, at now: Instant) {
        var encoder = encoder
        let size = encoder.heldBytes()
        let number = encoder.id?.number ?? last
        entries.append(Entry(at: now, number: number, audience: audience, encoder: encoder, size: size))
        bytes += size
        trim(now)
    }

    /// Something happened that nobody was there to be told of.
    mutating func skip() {
        last += 1
        (entries, head, bytes, forgotten) = ([], 0, 0, last)
    }

    /// The events after `id` that `isMeant` says are for a client, in its style.
    mutating func events(
        since text: String, _ style: EventStyle, at now: Instant,
        where isMeant: (SignallingEvent, Audience) -> Bool
    ) throws(Gap) -> [EncodedEvent] {
        guard let id = EventID(text) else { throw .unknown }
        guard id.run == run else { throw .restarted }
        guard id.number <= last else { throw .unknown }
        trim(now)
        guard id.number >= forgotten else { throw .tooOld }
        var (missed, bytes) = ([EncodedEvent](), 0)
        for index in entries.indices.dropFirst(head)
        where entries[index].number > id.number
            && isMeant(entries[index].encoder.event, entries[index].audience)
        {
            let text = entries[index].encoder.encoded(style)
            recount(index)
            missed.append(text)
            bytes += text.count
            guard bytes <= Self.maximumReplayedBytes else { throw .tooMany }
        }
        return missed
    }

    /// A client may have asked for a style that nobody asked for before.
    private mutating func recount(_ index: Int) {
        let size = entries[index].encoder.heldBytes()
        bytes += size - entries[index].size
        entries[index].size = size
    }

    private mutating func trim(_ now: Instant) {
        while head < entries.count,
            entries.count - head > Self.maximumCount || bytes > Self.maximumBytes
                || now - entries[head].at > Self.maximumAge
        {
            forgotten = entries[head].number
            bytes -= entries[head].size
            head += 1
        }
        // Moving what is left costs little once it is less than what is over.
        guard head * 2 > entries.count else { return }
        entries.removeFirst(head)
        head = 0
    }
}
