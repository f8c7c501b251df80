import CallModel
import Testing
import Wire

@testable import CallViews

/// Statistics in the words of three documents.
struct CallFiguresTests {
    private static func tally(
        _ state: CallState, _ direction: CallDirection = .incoming, calls: Int, talk: Int = 0, hold: Int = 0,
        transfers: Int = 0
    ) -> CallTally {
        var tally = CallTally(
            state: state, direction: direction, wasAnswered: state.isUp || state == .completed)
        (tally.calls, tally.talkSeconds, tally.holdSeconds, tally.transfers) = (calls, talk, hold, transfers)
        return tally
    }

    @Test func `document 002's example comes out as printed`() {
        let figures = CallFigures([
            Self.tally(.completed, calls: 118, talk: 21_600, hold: 300, transfers: 5), Self.tally(.answered, calls: 2),
            Self.tally(.rejected, calls: 20), Self.tally(.missed, calls: 4), Self.tally(.busy, .outgoing, calls: 6),
        ])
        let expected: JSONValue = [
            "total_calls": 150, "accepted_calls": 120, "rejected_calls": 20, "missed_calls": 10, "active_calls": 2,
            "avg_duration": 180, "total_duration": 21600, "conversion_rate": 0.8, "total_hold_time": 300,
            "transfer_count": 5,
        ]
        #expect(figures.overview(live: 2) == expected)
    }

    @Test func `document 003's example comes out as printed`() {
        let figures = CallFigures([
            Self.tally(.completed, calls: 140, talk: 25_200), Self.tally(.failed, .outgoing, calls: 4),
            Self.tally(.missed, calls: 6),
        ])
        let expected: JSONValue = [
            "extension": "1001", "totalCalls": 150, "inboundCalls": 100, "outboundCalls": 50, "answeredCalls": 140,
            "missedCalls": 10, "averageDuration": 180, "totalDuration": 25200,
        ]
        #expect(figures.pbx(extension: "1001", made: 50) == expected)
    }

    @Test func `document 000 counts by its own words and knows no call that still rings`() {
        let figures = CallFigures([
            Self.tally(.completed, calls: 2, talk: 5), Self.tally(.held, calls: 1), Self.tally(.ringing, calls: 9),
            Self.tally(.missed, calls: 3), Self.tally(.failed, calls: 1), Self.tally(.cancelled, calls: 1),
            Self.tally(.cancelled, .outgoing, calls: 1), Self.tally(.noAnswer, calls: 2),
            Self.tally(.busy, calls: 1), Self.tally(.rejected, calls: 1),
        ])
        let expected: JSONValue = [
            "totalCalls": 13, "answeredCalls": 3, "missedCalls": 5, "busyCalls": 2, "noAnswerCalls": 3,
            "totalDuration": 5, "avgDuration": 2,
        ]
        #expect(figures.records == expected)
    }

    @Test(arguments: [(1, 2, 1), (5, 2, 3), (4, 3, 1), (5, 3, 2), (0, 7, 0)]) func `averages are rounded, halves up`(
        talk: Int, calls: Int, average: Int64
    ) {
        let overview = CallFigures([Self.tally(.completed, calls: calls, talk: talk)]).overview(live: 0)
        #expect(overview["avg_duration"]?.integerValue == average)
    }

    @Test(arguments: [(2, 1, 0.67), (1, 2, 0.33), (1, 0, 1.0), (0, 3, 0.0), (1, 7, 0.13)])
    func `shares have two decimals`(accepted: Int, missed: Int, share: Double) {
        let tallies = [Self.tally(.completed, calls: accepted), Self.tally(.missed, calls: missed)]
        #expect(CallFigures(tallies).overview(live: 0)["conversion_rate"]?.doubleValue == share)
    }

    @Test func `nothing is nothing, and no division by it`() {
        let overview = CallFigures().overview(live: 0)
        #expect(overview["avg_duration"] == 0 && overview["conversion_rate"] == .number(0))
        #expect(CallFigures().records["avgDuration"] == 0)
    }
}
