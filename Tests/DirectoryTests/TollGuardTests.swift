import Directory
import Testing
import Wire

struct TollGuardTests {
    private static let start = Instant.zero + .seconds(10_000)

    private func account(_ payer: TollGuard<Int>.Payer = .user(1), _ change: (inout TollLimits) -> Void)
        -> TollGuard<Int>.Account
    {
        var limits = TollLimits()
        change(&limits)
        return TollGuard.Account(payer: payer, limits: limits, number: "+74951234567")
    }

    @Test func `who has no limits is not watched`() {
        var toll = TollGuard<Int>()
        let free = account { _ in }
        for key in 0..<100 { #expect(toll.begin(key, paidBy: [free], now: Self.start) == nil) }
        #expect(toll.isEmpty)
        #expect(toll.nextDeadline(now: Self.start) == nil)
    }

    @Test func `a number that is not allowed is refused, and nobody is charged`() {
        var toll = TollGuard<Int>()
        let user = account { $0.concurrentCalls = 1 }
        let trunk = account(.trunk("carrier")) { $0.denied = ["+7495"] }
        let refusal = toll.begin(1, paidBy: [user, trunk], now: Self.start)
        #expect(refusal == TollRefusal(kind: .destination, payer: "trunk carrier"))
        #expect(toll.begin(2, paidBy: [user], now: Self.start) == nil)
    }

    @Test func `calls at once are counted until they end`() {
        var toll = TollGuard<Int>()
        let user = account { $0.concurrentCalls = 2 }
        for key in 1...2 { #expect(toll.begin(key, paidBy: [user], now: Self.start) == nil) }
        #expect(toll.begin(3, paidBy: [user], now: Self.start)?.kind == .concurrent)
        toll.ended(1, now: Self.start)
        toll.ended(1, now: Self.start)
        #expect(toll.begin(3, paidBy: [user], now: Self.start) == nil)
        let other = account(.user(2)) { $0.concurrentCalls = 0 }
        #expect(toll.begin(4, paidBy: [other], now: Self.start)?.payer == "user 2")
    }

    @Test func `the hour of calls slides`() {
        var toll = TollGuard<Int>()
        let user = account { $0.callsPerHour = 2 }
        for (key, minute) in [(1, 0), (2, 30)] {
            let moment = Self.start + .seconds(minute * 60)
            #expect(toll.begin(key, paidBy: [user], now: moment) == nil)
            toll.ended(key, now: moment + .seconds(5))
        }
        #expect(toll.begin(3, paidBy: [user], now: Self.start + .seconds(3599))?.kind == .calls)
        #expect(toll.begin(3, paidBy: [user], now: Self.start + .seconds(3600)) == nil)
        #expect(toll.begin(4, paidBy: [user], now: Self.start + .seconds(3601))?.kind == .calls)
        toll.ended(3, now: Self.start + .seconds(3602))
        toll.ended(9, now: Self.start)
    }

    @Test func `two calls use the minutes up in half the time, and are cut`() {
        var toll = TollGuard<Int>()
        let user = account { $0.minutesPerHour = 10 }
        for key in 1...2 {
            #expect(toll.begin(key, paidBy: [user], now: Self.start) == nil)
            #expect(toll.nextDeadline(now: Self.start) == (key == 1 ? nil : Self.start + .seconds(600)))
            toll.answered(key, now: Self.start)
            toll.answered(key, now: Self.start + .seconds(60))
        }
        let deadline = Self.start + .seconds(300)
        #expect(toll.nextDeadline(now: Self.start) == deadline)
        #expect(toll.overspent(now: Self.start + .seconds(299)).isEmpty)
        #expect(toll.overspent(now: deadline).map(\.key).sorted() == [1, 2])
        #expect(toll.overspent(now: deadline).first?.refusal.kind == .minutes)
        for key in 1...2 { toll.ended(key, now: deadline) }
        #expect(toll.nextDeadline(now: deadline) == nil)
        #expect(toll.begin(3, paidBy: [user], now: deadline)?.kind == .minutes)
        // The first minute of both leaves the hour.
        let later = Self.start + .seconds(3660)
        #expect(toll.begin(3, paidBy: [user], now: later) == nil)
        toll.answered(3, now: later)
        #expect(toll.nextDeadline(now: later) == later + .seconds(120))
        // Meanwhile the rest has left the hour, too: nothing is cut after all.
        #expect(toll.overspent(now: later + .seconds(240)).isEmpty)
        toll.ended(3, now: later + .seconds(240))
    }

    @Test func `a call that another pays for in the end is refused when others were quicker`() {
        var toll = TollGuard<Int>()
        let trunk = account(.trunk("carrier")) {
            $0.concurrentCalls = 1
            $0.denied = ["+7495"]
        }
        #expect(toll.charge(1, trunk, now: Self.start) == nil)
        #expect(toll.charge(1, trunk, now: Self.start) == nil)
        #expect(toll.charge(2, trunk, now: Self.start) == TollRefusal(kind: .concurrent, payer: "trunk carrier"))
        toll.ended(2, now: Self.start)
        toll.ended(1, now: Self.start)
        #expect(toll.isEmpty)
        #expect(toll.charge(2, trunk, now: Self.start) == nil)
    }

    @Test func `who is not limited in calls an hour may make any number of them`() {
        var toll = TollGuard<Int>()
        let trunk = account(.trunk("carrier")) { $0.concurrentCalls = 5 }
        for key in 0..<20_100 {
            #expect(toll.begin(key, paidBy: [trunk], now: Self.start) == nil)
            toll.answered(key, now: Self.start)
            toll.ended(key, now: Self.start + .seconds(1))
        }
        #expect(toll.isEmpty)
    }

    @Test func `ringing costs no minutes`() {
        var toll = TollGuard<Int>()
        let user = account { $0.minutesPerHour = 1 }
        #expect(toll.begin(1, paidBy: [user], now: Self.start) == nil)
        #expect(toll.nextDeadline(now: Self.start) == nil)
        toll.ended(1, now: Self.start + .seconds(600))
        #expect(toll.begin(2, paidBy: [user], now: Self.start + .seconds(600)) == nil)
    }

    @Test func `a call that goes on under another key is counted on`() {
        var toll = TollGuard<Int>()
        let user = account {
            $0.minutesPerHour = 1
            $0.concurrentCalls = 1
        }
        #expect(toll.begin(1, paidBy: [user], now: Self.start) == nil)
        toll.answered(1, now: Self.start)
        toll.rename(1, to: 2)
        toll.ended(1, now: Self.start + .seconds(30))
        #expect(toll.begin(3, paidBy: [user], now: Self.start + .seconds(30))?.kind == .concurrent)
        #expect(toll.overspent(now: Self.start + .seconds(60)).map(\.key) == [2])
    }
}
