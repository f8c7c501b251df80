package import CallModel
package import Calls
package import Directory
import Media
package import Reactor
package import SDP
package import SIPEndpoint
package import Telemetry
package import TestKit
package import Wire

/// A whole gateway in the simulation, with stand-ins for media and store, and phones on hosts of their own.
package final class Exchange {
    package let simulation: Simulation
    package let host: SimulatedHost
    package let endpoint: SIPEndpoint
    package let media: StandInMedia
    package let store = MemoryStore()
    package let roster: RosterBox
    package let calls: CallManager
    package let witness: Witness
    package private(set) var phones: [ScriptedPhone] = []

    package var loop: SimulatedLoop { simulation.loop }

    /// Users 1, 2, … have the extensions 1001, 1002, …, a phone account each.
    package init(
        seed: UInt64, over quality: BadNetwork = .perfect, users: Int, timing: CallTiming = CallTiming(),
        queues: [CallQueue] = [], trunks: [Trunk] = [], recording: RecordingSettings = RecordingSettings(),
        bridgesRooms: Bool = false, traceBytes: Int = 32 << 20, logger: Logger = .silent, fetch: SoundFetch? = nil,
        spans: (any SpanSink)? = nil,
        publish: @escaping @Sendable (CallEvent) -> [CallRow] = { _ in [] }
    ) throws {
        simulation = Simulation(seed: seed, over: quality)
        host = simulation.host("10.0.0.1")
        let (loop, ip) = (simulation.loop, IPAddress(v4: 0x0A00_0001))
        let numbers = (0..<users).map { 1001 + $0 }
        roster = RosterBox(
            Roster(
                users: numbers.map { User(id: Int64($0 - 1000), login: "u\($0)", extension: "\($0)") },
                accounts: numbers.map(Self.account), trunks: trunks, queues: queues))
        var configuration = SIPEndpointConfiguration(trunks: trunks, addressFacing: { _ in ip })
        configuration.traceBytes = traceBytes
        endpoint = SIPEndpoint(
            loop: loop, network: host, accounts: RosterAccounts(roster: roster), configuration: configuration,
            logger: .silent)
        media = StandInMedia(loop: loop, host: ip)
        let services = CallServices(
            loop: loop, sip: endpoint, media: media, store: store, roster: roster, logger: logger)
        services.timing = timing
        services.recording = recording
        services.bridgesRooms = bridgesRooms
        services.conferenceRooms = [ConferenceRoom(name: "team", number: "8000")]
        services.streams = StreamSettings(network: host, hosts: ["10.0.2.1", "bot.example"])
        services.soundFiles = SoundFiles(folder: "/nonexistent", thread: loop)
        services.fetchSound = fetch
        services.publish = publish
        services.tracer = spans.map { Tracer(.standard, sink: $0, entropy: Entropy(seed: seed), clock: { loop.now }) }
        calls = CallManager(services)
        witness = Witness()
        let (calls, endpoint, witness) = (calls, endpoint, witness)
        media.handler = { event in calls.assumeIsolated { $0.mediaEvent(event) } }
        calls.assumeIsolated { $0.addObserver(witness) }
        try endpoint.assumeIsolated {
            $0.setHandler(calls)
            try $0.start()
        }
        calls.assumeIsolated { $0.rosterChanged() }
    }

    /// Replaces accounts, queues, routes or limits, as an administrator's change does.
    package func change(
        accounts: [SIPAccount]? = nil, queues: [CallQueue]? = nil, routes: [InboundRoute]? = nil,
        limits: [Int64: TollLimits]? = nil
    ) {
        let now = roster.current
        roster.replace(
            Roster(
                users: now.users.values.sorted { $0.id < $1.id }, accounts: accounts ?? now.accounts, lines: now.lines,
                trunks: now.trunks, routes: routes ?? now.routes, queues: queues ?? now.queues,
                limits: limits ?? now.limits))
        calls.assumeIsolated { $0.rosterChanged() }
    }

    private static func account(_ number: Int) -> SIPAccount {
        SIPAccount(
            id: Int64(number), extension: "\(number)", username: "\(number)", secret: .password("secret-\(number)"),
            displayName: "Phone \(number)", userID: Int64(number - 1000))
    }

    /// Adds a phone of an extension and lets it register.
    @discardableResult
    package func addPhone(
        _ number: String, codecs: [Codec] = [.pcma, .pcmu],
        script: @escaping @Sendable (IncomingInvite) -> ScriptedPhone.Answer = { _ in
            .accept(after: .seconds(1))
        }
    ) throws -> ScriptedPhone {
        let phoneHost = simulation.host("10.0.1.\(phones.count + 1)")
        let phone = try ScriptedPhone(
            number, on: phoneHost, of: loop, gateway: host.addresses.first ?? .loopbackIPv4, codecs: codecs,
            script: script)
        phones.append(phone)
        return phone
    }

    /// Runs until every phone is registered.
    package func register() -> Bool {
        loop.run(until: { phones.allSatisfy { $0.assumeIsolated { $0.isRegistered } } }, limit: .seconds(120))
    }

    /// Places a call from a user's page, which joins and offers.
    package func call(_ target: String, from page: ScriptedPage) throws -> CallRecord {
        try calls.assumeIsolated { calls in
            let caller = CallRequest.Caller.page(userID: page.participantUserID)
            let record = try calls.originate(CallRequest(caller: caller, target: target, source: .webrtc))
            _ = try calls.join(record.key, page)
            try calls.offer(record.key, from: page, sdp: ScriptedPage.offer())
            return record
        }
    }

    package var liveCount: Int { calls.assumeIsolated { $0.liveCount } }
    package var statistics: SIPStatistics { endpoint.assumeIsolated { $0.statistics() } }
}

/// Counts what observers are told.
package final class Witness: CallObserver, @unchecked Sendable {
    // Touched on the simulated loop only, which is the test's thread.

    package private(set) var events: [CallEvent] = []

    package private(set) var queueEvents: [QueueEvent] = []
    package private(set) var qualities: [CallQualityReport] = []
    package private(set) var conferenceEvents: [ConferenceEvent] = []

    package init() {}

    package func callChanged(_ event: CallEvent) { events.append(event) }
    package func queueChanged(_ event: QueueEvent) { queueEvents.append(event) }
    package func qualityChanged(_ report: CallQualityReport) { qualities.append(report) }
    package func conferenceChanged(_ event: ConferenceEvent) { conferenceEvents.append(event) }
    package func upstreamChanged(registered: Bool, detail: String) {}

    /// How often each call was said to have ended.
    package var endings: [UUID: Int] {
        events.reduce(into: [:]) { counts, event in
            if event.notice == .life(.ended) { counts[event.record.uuid, default: 0] += 1 }
        }
    }
}

struct RosterAccounts: SIPAccountDirectory {
    let roster: RosterBox

    func sipAccount(username: String) -> SIPAccount? { roster.current.account(username: username) }
}
