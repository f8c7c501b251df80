import Testing
import Wire

@testable import Signalling

/// What is kept for clients that come back, and what they are told when it is not.
struct EventJournalTests {
    private let start = Instant(nanoseconds: 0)

    /// A journal with so many events, one each second, all of them for operators.
    private func journal(_ count: Int, apart: Duration = .milliseconds(1), text: String = "x") -> EventJournal {
        var journal = EventJournal(run: "r")
        for number in 0..<count {
            let encoder = journal.encoder(for: SignallingEvent("e", ["text": .string(text)]))
            journal.keep(encoder, for: Audience(["operators"]), at: start + apart * number)
        }
        return journal
    }

    private func count(
        _ journal: EventJournal, since text: String, at seconds: Int = 0
    ) throws(EventJournal.Gap) -> Int {
        var journal = journal
        return try journal.events(since: text, .flat, at: start + .seconds(seconds)) { _, _ in true }.count
    }

    @Test func `whoever saw an event gets those after it, in their order`() throws {
        var journal = journal(3)
        let missed = try journal.events(since: "r-1", .flat, at: start) { _, _ in true }
        let expected = [2, 3].map { EncodedEvent.text(Array(#"{"type":"e","text":"x","eventId":"r-\#($0)"}"#.utf8)) }
        #expect(missed == expected)
        #expect(try count(journal, since: "r-3") == 0)
        #expect(try journal.events(since: "r-0", .flat, at: start) { _, _ in false }.isEmpty)
    }

    @Test func `a thousand events are kept`() throws {
        let journal = journal(EventJournal.maximumCount + 5)
        #expect(try count(journal, since: "r-5") == EventJournal.maximumCount)
        #expect(throws: EventJournal.Gap.tooOld) { try count(journal, since: "r-4") }
    }

    @Test func `what is older than a minute is forgotten, and silence loses nothing`() throws {
        let journal = journal(100, apart: .seconds(1))
        #expect(try count(journal, since: "r-90", at: 99) == 10)
        #expect(try count(journal, since: "r-39", at: 99) == 61)
        #expect(throws: EventJournal.Gap.tooOld) { try count(journal, since: "r-38", at: 99) }
        #expect(throws: EventJournal.Gap.tooOld) { try count(journal, since: "r-99", at: 10_000) }
        #expect(try count(journal, since: "r-100", at: 10_000) == 0)
    }

    @Test func `long texts are kept up to so many bytes, and nobody is sent too many at once`() throws {
        let text = String(repeating: "x", count: 10_000)
        let journal = journal(500, text: text)
        let kept = EventJournal.maximumBytes / (3 * 10_100)
        #expect(throws: EventJournal.Gap.tooOld) { try count(journal, since: "r-\(500 - kept - 50)") }
        #expect(throws: EventJournal.Gap.tooMany) { try count(journal, since: "r-\(500 - kept + 50)") }
        #expect(try count(journal, since: "r-480") == 20)
    }

    @Test func `an event counts once for each style that was asked for`() throws {
        let text = String(repeating: "x", count: 12_000)
        var journal = journal(40, text: text)
        for style in [EventStyle.wrapped, .socketIO, .numberedSocketIO] {
            #expect(try journal.events(since: "r-0", style, at: start) { _, _ in true }.count == 40)
        }
        for _ in 0..<300 {
            let encoder = journal.encoder(for: SignallingEvent("e", ["text": .string(text)]))
            journal.keep(encoder, for: Audience(), at: start)
        }
        #expect(throws: EventJournal.Gap.tooOld) { try count(journal, since: "r-5") }
    }

    @Test func `names of another run, or of no run, are told from those that are too old`() {
        let journal = journal(3)
        #expect(throws: EventJournal.Gap.restarted) { try count(journal, since: "q-2") }
        #expect(throws: EventJournal.Gap.unknown) { try count(journal, since: "r-4") }
        #expect(throws: EventJournal.Gap.unknown) { try count(journal, since: "nonsense") }
    }

    @Test func `what was told to nobody is a gap for those who come later`() throws {
        var journal = journal(3)
        journal.skip()
        #expect(throws: EventJournal.Gap.tooOld) { try count(journal, since: "r-3") }
        let encoder = journal.encoder(for: SignallingEvent("e"))
        journal.keep(encoder, for: Audience(), at: start)
        #expect(try count(journal, since: "r-4") == 1)
    }
}
