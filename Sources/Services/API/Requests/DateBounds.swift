import CallViews
package import Web
package import Wire

/// Reads the dates of filters: a moment, or a whole day in the zone of the installation (`TZ`).
package struct DateBounds: Sendable {
    private let clock: ZoneClock

    /// Nil when no zone has this name.
    package init?(zone name: String) {
        guard let clock = ZoneClock(name: name) else { return nil }
        self.clock = clock
    }

    /// In Moscow, where clocks have not changed since 2014.
    package init() { clock = ZoneClock(name: "Europe/Moscow") ?? ZoneClock(offset: 3 * 3600) }

    /// The beginning of the day, or the moment itself.
    package func lower(_ text: String, field: String) throws(Failure) -> WallTime {
        try moment(text, field: field)
    }

    /// The last millisecond of the day, or the moment itself.
    package func upper(_ text: String, field: String) throws(Failure) -> WallTime {
        let start = try moment(text, field: field)
        guard isDateOnly(text) else { return start }
        // A day has 23 to 25 hours: half a day into the next one is surely within it.
        let next = midnight(before: start + .seconds(36 * 3600))
        return WallTime(milliseconds: next.milliseconds - 1)
    }

    /// Counts days from midnight to midnight on the zone's clocks.
    package func day(of moment: WallTime) -> Int64 {
        (moment.milliseconds + offset(at: moment)).floorDivided(by: 86_400_000)
    }

    private func isDateOnly(_ text: String) -> Bool { text.utf8.count == 10 }

    private func moment(_ text: String, field: String) throws(Failure) -> WallTime {
        guard let time = WallTime(iso8601: text) else { throw .invalid(field, "ожидается дата ISO 8601") }
        return isDateOnly(text) ? inZone(time) : time
    }

    /// A clock reading taken for UTC, as the moment when clocks of the zone show it.
    private func inZone(_ clock: WallTime) -> WallTime {
        let guess = offset(at: clock)
        let moment = WallTime(milliseconds: clock.milliseconds - guess)
        // Near a change of the clocks the offset at the moment itself decides.
        return WallTime(milliseconds: clock.milliseconds - offset(at: moment))
    }

    /// The midnight before a moment, on the zone's clocks.
    private func midnight(before moment: WallTime) -> WallTime {
        let clock = moment.milliseconds + offset(at: moment)
        return midnight(ofDay: clock.floorDivided(by: 86_400_000))
    }

    /// When a day begins, counted as `day(of:)` does.
    package func midnight(ofDay day: Int64) -> WallTime { inZone(WallTime(milliseconds: day * 86_400_000)) }

    private func offset(at moment: WallTime) -> Int64 { clock.offset(at: moment.seconds) * 1000 }
}
