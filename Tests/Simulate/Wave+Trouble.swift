import CallKit
import Reactor
import TestKit
import Wire

/// Machines that lose power, and ways that are cut.
extension Wave {
    /// Spreads trouble over the time in which calls are placed.
    func disturb() {
        let span = max(1, callCount) * 350
        for _ in 0..<max(1, callCount / 60) {
            after(chance.milliseconds(0...span)) { [weak self] in self?.restartSomebody() }
        }
        guard !weather.isCalm else { return }
        for _ in 0..<max(1, callCount / 150) {
            after(chance.milliseconds(0...span)) { [weak self] in self?.cutSomebodyOff() }
        }
    }

    private func restartSomebody() {
        let isCarrier = chance.happens(0.4)
        let station = chance.pick(stations.filter { ($0.carrier != nil) == isCarrier })
        guard !station.phone.assumeIsolated({ $0.isOff }) else { return }
        totals[isCarrier ? "carrier restarted" : "phone restarted"] += 1
        station.cutPower()
        let length = chance.milliseconds(200...20_000)
        note(station, isAwayFor: length)
        after(length) { [weak self] in
            guard let self, (try? station.boot()) != nil else { return }
            self.instruct(station)
        }
    }

    private func cutSomebodyOff() {
        let station = chance.pick(stations)
        totals["way cut for a while"] += 1
        let network = exchange.simulation.network
        network.partition(exchange.host, station.host)
        let length = chance.milliseconds(1000...50_000)
        note(station, isAwayFor: length)
        after(length) { [weak self] in
            guard let self else { return }
            network.setConditions(self.weather.conditions, between: self.exchange.host, and: station.host)
        }
    }

    private func note(_ station: Station, isAwayFor length: Duration) {
        let now = exchange.loop.now
        deeds.cuts.append(Deeds.Cut(station: station, from: now, until: now + length))
    }
}
