import CallModel
import CallViews
import Reactor
import Web
import Wire

/// A stretch of time that ends now, as document 002 names it.
enum Period: String, CaseIterable {
    case today
    case week
    case month
    case year
}

extension DateBounds {
    /// The first moment of the period `now` is in, on the zone's clocks; weeks begin on Monday.
    func start(of period: Period, at now: WallTime) -> WallTime {
        let today = day(of: now)
        switch period {
        case .today: return midnight(ofDay: today)
        // 1970-01-01 was a Thursday.
        case .week: return midnight(ofDay: today - (today + 3 - (today + 3).floorDivided(by: 7) * 7))
        case .month: return midnight(ofDay: today - CivilDate(daysSinceEpoch: today).day + 1)
        case .year:
            let year = CivilDate(daysSinceEpoch: today).year
            return midnight(ofDay: CivilDate(year: year, month: 1, day: 1).daysSinceEpoch)
        }
    }
}

extension API {
    /// Narrows a query to `date_from` … `date_to`, or else to the `period` the request names; to nothing when it names none.
    func narrow(_ query: inout CallQuery, to request: APIRequest) throws(Failure) {
        let (from, to) = (request.query("date_from"), request.query("date_to"))
        if let from { query.startedFrom = try dates.lower(from, field: "date_from") }
        if let to { query.startedThrough = try dates.upper(to, field: "date_to") }
        guard let word = request.query("period") else { return }
        guard let period = Period(rawValue: word) else { throw .invalid("period", "today, week, month или year") }
        if from == nil, to == nil { query.startedFrom = dates.start(of: period, at: loop.wallTime) }
    }
}
