import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// `/api/statistics` of document 002 and `/api/calls/stats` of document 003.
extension API {
    func addStatistics(to router: inout Router) {
        for path in ["/api/statistics", "/api/statistics/overview"] {
            on(.get, path, .overview, &router) { request throws(Failure) in try await overview(request) }
        }
        on(.get, "/api/statistics/users", .statisticsOfUsers, &router) { request throws(Failure) in
            try await statisticsByUser(request)
        }
        on(.get, "/api/calls/stats/:extension", .statisticsOfExtension, &router) { request throws(Failure) in
            try await statisticsOfExtension(request)
        }
    }

    func figures(of query: CallQuery) async throws(Failure) -> CallFigures {
        CallFigures(try await tallies(of: query))
    }

    private func tallies(of query: CallQuery, byPerson: Bool = false) async throws(Failure) -> [CallTally] {
        try await stored { () throws(StoreError) in try await store.tallies(matching: query, byPerson: byPerson) }
    }

    // MARK: - Document 002

    private func overview(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery()
        query.visibility = try visibility(request.caller, userID: try request.queryID("userId"))
        try narrow(&query, to: request)
        let live = await visibleLiveRecords(query.visibility).count
        let figures = try await figures(of: query)
        return .json(.ok, ["success": true, "data": figures.overview(live: live)])
    }

    /// Everybody's figures for those who see all calls, else one's own.
    private func statisticsByUser(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery()
        let userID = try request.queryID("userId")
        query.visibility = try visibility(request.caller, userID: userID)
        try narrow(&query, to: request)
        let tallies = try await tallies(of: query, byPerson: true)
        let people = roster.current
        var figures: [Int64: CallFigures] = [:]
        for tally in tallies {
            for id in Self.people(of: tally, people) { figures[id, default: CallFigures()].add(tally) }
        }
        let only = request.caller.seesAllCalls ? userID : request.caller.userID
        let rows = people.users.values
            .filter { user in only.map { $0 == user.id } ?? (user.status == .active || figures[user.id] != nil) }
            .map { user in (user: user, figures: figures[user.id] ?? CallFigures()) }
            .sorted { ($1.figures.count, $0.user.id) < ($0.figures.count, $1.user.id) }
        let data = rows.map { Self.row($0.user, $0.figures) }
        return .json(.ok, ["success": true, "data": .array(data)])
    }

    /// Whose calls these are, by the rule that says who may see them.
    private static func people(of tally: CallTally, _ roster: Roster) -> Set<Int64> {
        var ids = Set([tally.assignedUserID, tally.answeredByUserID].compactMap(\.self))
        if let id = tally.operatorID, roster.users[id]?.role == .operator { ids.insert(id) }
        return ids
    }

    private static func row(_ user: User, _ figures: CallFigures) -> JSONValue {
        var object: JSONObject = [
            "user_id": .integer(user.id), "first_name": JSONValue(user.firstName ?? user.name),
            "last_name": JSONValue(user.lastName),
        ]
        for member in figures.ofUser.members { object.append(member.name, member.value) }
        return .object(object)
    }

    // MARK: - Document 003

    /// Today's calls, unless the request says from and to when.
    private func statisticsOfExtension(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let number = request.parameters["extension"]
        guard PhoneNumber.isAcceptable(number) else { throw .invalid("extension", "не является внутренним номером") }
        var query = CallQuery()
        query.visibility = try visibility(request.caller)
        query.extension = number
        query.startedFrom = dates.start(of: .today, at: loop.wallTime)
        if let date = request.query("from") { query.startedFrom = try dates.lower(date, field: "from") }
        if let date = request.query("to") { query.startedThrough = try dates.upper(date, field: "to") }
        var made = query
        made.isMadeByExtension = true
        let figures = try await figures(of: query)
        let outbound = try await self.figures(of: made).count
        return .json(.ok, ["stats": figures.pbx(extension: number, made: outbound), "success": true])
    }
}
