import Testing
import Wire

@testable import tandem

struct ShareTests {
    @Test func `a share is that of the time between two looks, and looks in a hurry see the one before`() {
        let start = Instant(nanoseconds: 1_000_000_000)
        let share = Share(10, at: start)
        #expect(share.look(10.9, at: start + .seconds(1)) == 0)
        #expect(share.look(15, at: start + .seconds(10)) == 0.5)
        #expect(share.look(16, at: start + .seconds(11)) == 0.5)
        #expect(share.look(15, at: start + .seconds(20)) == 0)
    }
}
