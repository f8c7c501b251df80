import Directory
import Testing

struct RouteTests {
    private static func route(_ id: Int64, _ trunk: String?, _ number: NumberPattern) -> InboundRoute {
        InboundRoute(id: id, trunk: trunk, number: number, destination: .user(id))
    }

    @Test(arguments: [
        ("a", "+74951234567", 5), ("b", "84951234567", 4), ("b", "+74951230000", 3), ("b", "+74990000000", 2),
        ("b", "200", 6), ("b", "9", 1), ("a", "9", 7), ("a", "+74951230000", 7),
    ]) func `the trunk's own route goes first, then the closest`(trunk: String, number: String, user: Int64) throws {
        let expression = NumberPattern.expression(try NumberExpression("2\\d\\d"))
        let roster = Roster(routes: [
            Self.route(1, nil, .any), Self.route(2, nil, .prefix("+7")), Self.route(3, nil, .prefix("+7495")),
            Self.route(4, nil, .exactly("+74951234567")), Self.route(5, "a", .exactly("+74951234567")),
            Self.route(6, nil, expression), Self.route(7, "a", .any), Self.route(8, nil, .any),
        ])
        #expect(roster.route(number: number, trunk: trunk) == .user(user))
    }

    @Test func `a number without a route leads nowhere`() {
        let roster = Roster(routes: [Self.route(1, "a", .any), Self.route(2, nil, .exactly("1"))])
        #expect(roster.route(number: "2", trunk: "b") == nil)
        #expect(Roster().route(number: "2", trunk: "b") == nil)
    }

    @Test func `trunks, queues and limits are found by their names`() {
        var queue = CallQueue(id: 1, name: "sales")
        queue.extension = "700"
        var limits = TollLimits()
        limits.concurrentCalls = 2
        let stored = Trunk(id: 1, name: "default", targets: [TrunkTarget(host: "stored")])
        let own = Trunk(name: "default", targets: [TrunkTarget(host: "environment")])
        let roster = Roster(trunks: [stored], queues: [queue], limits: [3: limits]).adding([own])
        #expect(roster.trunk(named: "default")?.targets.first?.host == "environment")
        #expect(roster.trunk(named: "other") == nil)
        #expect(roster.queue(named: "sales")?.id == 1)
        #expect(roster.queue(extension: "700")?.name == "sales")
        #expect(roster.tollLimits(ofUser: 3).concurrentCalls == 2)
        #expect(roster.tollLimits(ofUser: 4).isEmpty)
        #expect(roster.adding([SIPAccount]()).trunks.count == 1)
    }
}
