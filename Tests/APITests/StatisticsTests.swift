import CallModel
import Testing
import Web
import Wire

@testable import API

/// Statistics of documents 002 and 003, and the periods they are about.
@Suite struct StatisticsTests {
    @Test(
        arguments: [
            ("today", "2025-11-05T21:00:00.000Z"), ("week", "2025-11-02T21:00:00.000Z"),
            ("month", "2025-10-31T21:00:00.000Z"), ("year", "2024-12-31T21:00:00.000Z"),
        ])
    func `a period begins at midnight on the zone's clocks`(word: String, start: String) throws {
        // A Thursday, 00:30 in Moscow.
        let now = try #require(WallTime(iso8601: "2025-11-05T21:30:00Z"))
        let period = try #require(Period(rawValue: word))
        #expect(DateBounds().start(of: period, at: now).iso8601() == start)
    }

    @Test(arguments: ["2025-11-03", "2025-11-09"]) func `weeks begin on Monday`(day: String) throws {
        let utc = try #require(DateBounds(zone: "UTC"))
        let now = try #require(WallTime(iso8601: "\(day)T12:00:00Z"))
        #expect(utc.start(of: .week, at: now).iso8601() == "2025-11-03T00:00:00.000Z")
    }

    @Test func `dates override the period, and none of them is all time`() throws {
        let scene = try Scene()
        _ = try scene.ask(.get, "/api/statistics/overview?period=week&date_to=2025-11-08")
        #expect(scene.store.lastQuery?.startedFrom == nil && scene.store.lastQuery?.startedThrough != nil)
        _ = try scene.ask(.get, "/api/statistics")
        #expect(scene.store.lastQuery?.startedFrom == nil && scene.store.lastQuery?.startedThrough == nil)
        _ = try scene.ask(.get, "/api/statistics/overview?period=today")
        #expect(scene.store.lastQuery?.startedFrom != nil)
        #expect(try scene.ask(.get, "/api/statistics/overview?period=decade").status == 400)
    }

    @Test func `active calls are counted whenever they began, and one's own only`() throws {
        let scene = try Scene(.required)
        _ = try scene.ask(
            .post, "/api/calls", ["caller_number": "79991234567", "receiver_number": "101"], user: 3)
        for (user, active) in [(1, 1), (2, 0), (3, 1)] as [(Int64, Int64)] {
            let answer = try scene.ask(.get, "/api/statistics/overview?date_to=2001-01-01", user: user)
            #expect(answer["data"]?["active_calls"]?.integerValue == active, "\(user)")
        }
        #expect(try scene.ask(.get, "/api/statistics/overview?userId=1", user: 2).code == "FORBIDDEN")
    }

    @Test func `each user's row counts the user's calls, and operators see their own`() throws {
        let scene = try Scene(.required)
        let body: JSONValue = ["phoneClient": "79991234567", "status": "answered", "duration": 30]
        _ = try scene.ask(.post, "/api/v1/calls", body, user: 1)
        let rows = try #require(try scene.ask(.get, "/api/statistics/users", user: 3)["data"]?.arrayValue)
        #expect(rows.map { $0["user_id"] } == [1, 2, 3])
        #expect(rows[0]["total_calls"] == 1 && rows[0]["total_duration"] == 30 && rows[1]["total_calls"] == 0)
        let own = try scene.ask(.get, "/api/statistics/users", user: 2)["data"]?.arrayValue
        #expect(own?.map { $0["user_id"] } == [2])
        #expect(scene.store.lastQuery?.visibility == .user(2, isOperator: true))
    }

    @Test func `an extension nobody has is all zeros, and today is the default`() throws {
        let scene = try Scene()
        let answer = try scene.ask(.get, "/api/calls/stats/1001")
        #expect(answer["success"] == true && answer["stats"]?["totalCalls"] == 0)
        #expect(answer["stats"]?["extension"] == "1001" && answer["stats"]?["averageDuration"] == 0)
        let query = try #require(scene.store.lastQuery)
        #expect(query.extension == "1001" && query.isMadeByExtension && query.startedFrom != nil)
        _ = try scene.ask(.get, "/api/calls/stats/1001?from=2025-11-01&to=2025-11-08")
        #expect(scene.store.lastQuery?.startedThrough?.iso8601() == "2025-11-08T20:59:59.999Z")
        #expect(try scene.ask(.get, "/api/calls/stats/1001?from=x").status == 400)
    }
}
