import CallKit
import CallModel
import Calls
import Directory
import Reactor
import SIPEndpoint
import TestKit
import Wire

/// Some hundred calls through a gateway of their own, over one kind of network; it follows from its seed alone.
final class Wave: @unchecked Sendable {
    // Touched on the simulated loop only, which is the program's thread.

    /// No call lasts longer, so that those whose both ends lost power end, too.
    static let longestCall = Duration.seconds(900)
    /// What the last retransmissions and the last responses of a transaction take.
    static let aftermath = Duration.seconds(100)

    let number: Int
    let exchange: Exchange
    let weather: Weather
    var chance: Chance
    var totals = Totals()
    let callCount: Int
    private(set) var stations: [Station] = []
    var placed: [PlacedCall] = []
    var deeds = Deeds()
    /// Calls of the phones to be transferred to, by the call that is to be transferred.
    var consultations: [Consultation] = []
    /// One moment, by both clocks.
    let start: (now: Instant, wall: WallTime)
    /// What is scheduled by the script and not by a program under test.
    private(set) var ownTimers = 0

    init(seed: UInt64, number: Int, calls: Int) throws {
        chance = Chance(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
        (self.number, callCount) = (number, calls)
        weather = Weather(wave: number, &chance)
        var timing = CallTiming()
        timing.longest = Self.longestCall
        exchange = try Exchange(
            seed: chance.seed(), users: House.users, timing: timing, queues: House.queues, trunks: House.trunks)
        start = (exchange.loop.now, exchange.loop.wallTime)
        exchange.simulation.network.conditions = weather.conditions
        try furnish()
    }

    private func furnish() throws {
        for (index, number) in House.phones.enumerated() {
            stations.append(
                try Station(
                    number, at: "10.0.1.\(index + 1)", in: exchange, over: index % 5 == 4 ? .tcp : .udp,
                    session: House.session(index)))
        }
        for (index, carrier) in House.carriers.enumerated() {
            stations.append(
                try Station(
                    carrier.line, carrier: carrier.name, at: carrier.address, in: exchange,
                    session: House.session(index, required: index == 1)))
        }
        for station in stations { instruct(station) }
        let observer = PageDriver(self)
        exchange.calls.assumeIsolated { calls in
            calls.addObserver(observer)
            for user in House.usersWithPages { calls.pagesChanged(userID: user, online: 1) }
        }
        drivers.append(observer)
    }

    private var drivers: [PageDriver] = []

    /// Tells the phone of a station what to do with calls.
    func instruct(_ station: Station) {
        let phone = station.phone
        let isCarrier = station.carrier != nil
        phone.assumeIsolated { phone in
            phone.setScript { [weak self] _ in self?.answer(asCarrier: isCarrier) ?? .ignore }
            phone.setWhenTalking { [weak self, weak phone] leg in
                guard let self, let phone else { return }
                self.talk(phone, leg)
            }
        }
    }

    /// Does something later, on the script's own account.
    func after(_ delay: Duration, _ deed: @escaping () -> Void) {
        ownTimers += 1
        exchange.loop.schedule(after: delay) { [weak self] in
            self?.ownTimers -= 1
            deed()
        }
    }

    /// Asks call control for something; a refusal is no fault.
    @discardableResult
    func command<Answer: Sendable>(_ body: @Sendable (isolated CallManager) throws -> Answer) -> Answer? {
        try? exchange.calls.assumeIsolated { try body($0) }
    }

    func run() throws -> WaveResult {
        _ = exchange.loop.run(until: { stations.allSatisfy(\.isReady) }, limit: .seconds(120))
        disturb()
        for _ in 0..<callCount {
            place()
            exchange.loop.advance(by: chance.milliseconds(0...700))
        }
        var verdict = Verdict(self)
        verdict.comeToRest()
        verdict.checkGateway()
        verdict.checkRecords()
        verdict.checkDiaries()
        closeDown()
        verdict.checkTimers()
        exchange.media.handler = { _ in }
        return WaveResult(totals: totals, faults: verdict.faults)
    }

    /// Switches everything off in good order.
    private func closeDown() {
        exchange.endpoint.assumeIsolated { $0.setTrunks([]) }
        for station in stations { station.phone.assumeIsolated { $0.stop() } }
        exchange.loop.advance(by: Self.aftermath)
    }
}

extension Station {
    var isReady: Bool { carrier != nil || phone.assumeIsolated { $0.isRegistered } }
}

/// A call of a phone, a carrier or a page, as it was placed.
enum PlacedCall {
    case phone(ScriptedPhone, SIPLegID)
    /// By command: the record's id.
    case command(UUID)
}

/// A call that somebody makes in order to transfer another to it.
struct Consultation {
    let phone: ScriptedPhone
    let leg: SIPLegID
    let transferring: SIPLegID
}

/// What the script did to calls that their records must agree with.
struct Deeds {
    /// Dialogs in which a transfer was asked for, or whose place was taken.
    var transferred: Set<String> = []
    /// Calls that were commanded to end, or to go elsewhere.
    var hungUp: Set<UUID> = []
    var moved: Set<UUID> = []
    /// What pages did.
    var pageAccepted: Set<UUID> = []
    var pageDeclined: Set<UUID> = []
    var pageLeft: Set<UUID> = []
    /// Calls that had a page at one end.
    var pages: [UUID: [LivePage]] = [:]
    /// When nothing got through to somebody, or from them: the way was cut, or the machine had no power.
    var cuts: [Cut] = []

    struct Cut {
        let station: Station
        let from: Instant
        let until: Instant
    }
}
