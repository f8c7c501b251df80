import CLinux
package import Crypto
import Glibc
import ICE
package import Reactor
import SDP
package import Wire

/// Media as call control knows it, carried by workers on threads of their own.
///
/// `@unchecked Sendable`: everything mutable is touched on the control loop alone, which every caller is on; workers
/// hand their reports to that loop.
package final class MediaPlane: MediaPort, @unchecked Sendable {
    struct Leg {
        let worker: MediaWorker
        /// Of a SIP leg.
        let pair: BoundPair?
        /// What a stand-in on another worker has to know of it; kept where there is another.
        var formats: LegFormats?
        var dtmf = DTMFMode.telephoneEvents
    }

    /// When the certificate that browsers are shown ceases to be good.
    package let certificateExpires: WallTime?

    let loop: any EventLoop
    private let configuration: MediaConfiguration
    let workers: [MediaWorker]
    private let fingerprint: Fingerprint
    private var entropy: Entropy
    private var ports: SIPPorts
    private var closesUnused = false
    var legs: [MediaLegID: Leg] = [:]
    var tieLines = TieLineTable()
    let recordings: RecordingDesk?
    let streams: StreamDesk
    private var isStopped = false
    /// Workers that are woken at the end of this turn.
    private var hurried: Set<Int> = []
    /// Workers that are woken soon in any case.
    private var patient: Set<Int> = []

    /// Told every event, on the loop; set before the first leg is opened.
    package var handler: (MediaEvent) -> Void = { _ in }

    /// Binds the browser ports and starts the workers.
    ///
    /// The certificate is the one DTLS shows to browsers. Throws `.system` when a browser port is taken or OpenSSL
    /// refuses the certificate (`EINVAL`).
    package init(
        _ configuration: MediaConfiguration, loop: any EventLoop, certificate: Certificate
    ) throws(MediaError) {
        (self.configuration, self.loop) = (configuration, loop)
        fingerprint = certificate.fingerprint()
        certificateExpires = certificate.expires
        entropy = loop.makeEntropy()
        ports = SIPPorts(configuration, entropy: &entropy)
        recordings = configuration.recording.map { RecordingDesk($0) }
        streams = StreamDesk(loop: loop)
        let outlet = ReportOutlet(loop: loop)
        var started: [MediaWorker] = []
        do {
            for index in 0..<max(1, configuration.workers) {
                let worker = try MediaWorker(
                    index: index, configuration, certificate, entropy: loop.makeEntropy(), report: outlet.deliver)
                started.append(worker)
            }
        } catch {
            for worker in started { worker.stop() }
            recordings?.stop()
            throw error
        }
        workers = started
        outlet.plane.value = self
    }

    /// Closes every leg and ends the threads; idempotent.
    ///
    /// Events of the last turn may still come.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        for worker in workers { worker.stop() }
        // Nobody reads them any more.
        for leg in legs.values { leg.pair?.close() }
        ports.closeAll()
        recordings?.stop()
        streams.stop()
    }

    deinit { stop() }

    /// A counter's value per worker, from any thread.
    package func counter(_ counter: MediaCounter) -> [UInt64] { workers.map { $0.counters.value(counter) } }

    /// A counter of each pair of encodings, all workers together, from any thread.
    package func transcoding(
        _ counter: TranscodingCounter
    ) -> [(from: AudioEncoding, to: AudioEncoding, value: UInt64)] {
        TranscodingRoute.all.map { route in
            (route.from, route.to, workers.reduce(0) { $0 &+ $1.counters.value(counter, route) })
        }
    }

    /// A counter of the recorder, from any thread.
    package func recording(_ counter: RecordingCounter) -> UInt64 { recordings?.recorder.value(counter) ?? 0 }

    /// Legs open, closing ones not counted.
    package var openLegs: Int { legs.count }

    var consentTone: Sound { configuration.sounds.consentTone }

    func isOpen(_ id: MediaLegID) -> Bool { legs[id] != nil }

    /// Pairs of ports that no leg holds, resting ones included.
    package var freePorts: Int { ports.count }

    /// The pairs of ports for SIP legs by what they do; on the loop.
    package var portPairs: PortPairs {
        let resting = ports.restingCount(at: loop.now)
        return PortPairs(used: legs.values.count { $0.pair != nil }, resting: resting, free: ports.count - resting)
    }

    /// Where each worker takes its browsers.
    package var browserPorts: [UInt16] { workers.map(\.browserPort) }

    /// Where SIP legs get their ports; another range is for legs to come, and those that are open keep theirs.
    package var rtpPorts: ClosedRange<UInt16> {
        get { ports.range }
        set {
            guard newValue != ports.range else { return }
            let inUse = Set(legs.values.compactMap(\.pair?.port))
            ports.move(to: newValue, inUse: inUse, at: loop.now, entropy: &entropy)
        }
    }

    // MARK: - MediaPort

    package func openSIPLeg(
        _ id: MediaLegID, call: UInt64, family: IPAddress.Family
    ) throws(MediaError) -> SocketAddress {
        try admit(id)
        guard let advertised = advertised.first(where: { $0.family == family }) else { throw .noAddress(family) }
        let pair = try ports.take(family, at: loop.now)
        let worker = worker(of: call)
        legs[id] = Leg(worker: worker, pair: pair)
        post(.openSIP(id, pair.sockets), to: worker)
        return SocketAddress(ip: advertised, port: pair.port)
    }

    package func openBrowserLeg(_ id: MediaLegID, call: UInt64) throws(MediaError) -> BrowserTransport {
        try admit(id)
        let worker = worker(of: call)
        let credentials = ICECredentials(from: &entropy)
        legs[id] = Leg(worker: worker, pair: nil)
        post(.openBrowser(id, credentials), to: worker)
        return transport(of: worker, credentials)
    }

    package func restartICE(_ id: MediaLegID) -> BrowserTransport? {
        guard let leg = legs[id], leg.pair == nil else { return nil }
        let credentials = ICECredentials(from: &entropy)
        post(.restartICE(id, credentials), to: leg.worker)
        return transport(of: leg.worker, credentials)
    }

    package func configure(_ id: MediaLegID, _ remote: RemoteMedia) {
        send(.configure(id, remote), about: id)
        shapeStandIns(of: id) { $0.formats = LegFormats(remote.stream) }
    }

    package func bridge(_ first: MediaLegID, _ second: MediaLegID) {
        if !tie(first, second) { send(.bridge(first, second), about: first) }
    }

    package func unbridge(_ id: MediaLegID) {
        untie(id)
        send(.unbridge(id), about: id)
    }

    package func confer(_ id: MediaLegID, in conference: ConferenceID) {
        if !tie(id, to: conference) { send(.confer(id, conference), about: id) }
    }

    package func play(_ source: MediaSource, to id: MediaLegID) {
        untie(id)
        send(.play(source, id), about: id)
    }

    package func announce(_ announcement: Announcement, to id: MediaLegID) {
        send(.announce(announcement, id), about: id)
    }

    package func stopAnnouncement(to id: MediaLegID) { send(.stopAnnouncement(id), about: id) }

    package func setMuted(_ id: MediaLegID, _ muted: Bool) { send(.mute(id, muted), about: id) }

    package func setDTMF(_ mode: DTMFMode, of id: MediaLegID) {
        send(.setDTMF(mode, id), about: id)
        shapeStandIns(of: id) { $0.dtmf = mode }
    }

    package func sendDigits(_ digits: String, to id: MediaLegID) { send(.sendDigits(digits, id), about: id) }

    package func close(_ id: MediaLegID) {
        untie(id)
        send(.close(id), about: id)
    }

    package func statistics(of id: MediaLegID, then: @escaping @Sendable (LegStatistics) -> Void) {
        send(.statistics(id, then), about: id)
    }

    func send(_ command: WorkerCommand, about id: MediaLegID) {
        if let worker = legs[id]?.worker { post(command, to: worker) }
    }

    /// Queues a command for a worker, which is woken once for all that a turn has for it.
    ///
    /// What nobody hears waits a little longer, for others of its kind or for the first command that somebody does.
    func post(_ command: WorkerCommand, to worker: MediaWorker) {
        worker.post(command)
        if !command.isPatient {
            guard hurried.insert(worker.index).inserted else { return }
            loop.atTurnsEnd { [weak self] in
                self?.hurried.remove(worker.index)
                worker.wake()
            }
        } else if !hurried.contains(worker.index), patient.insert(worker.index).inserted {
            loop.schedule(after: Self.patience) { [weak self] in
                self?.patient.remove(worker.index)
                worker.wake()
            }
        }
    }

    private static let patience = Duration.milliseconds(10)
}

extension MediaPlane {
    private var advertised: [IPAddress] {
        configuration.advertisedAddresses.isEmpty ? [configuration.bindAddress] : configuration.advertisedAddresses
    }

    private func transport(of worker: MediaWorker, _ credentials: ICECredentials) -> BrowserTransport {
        let port = advertisedPort(of: worker)
        return BrowserTransport(
            usernameFragment: credentials.ufrag, password: credentials.password, fingerprint: fingerprint,
            candidates: advertised.filter(isReachable).map { SocketAddress(ip: $0, port: port) })
    }

    /// Browser ports are of one family, or of both.
    private func isReachable(_ address: IPAddress) -> Bool {
        address.isIPv4 || !configuration.browserBindAddress.isIPv4
    }

    private func advertisedPort(of worker: MediaWorker) -> UInt16 {
        guard let first = configuration.advertisedBrowserPort else { return worker.browserPort }
        return first &+ UInt16(truncatingIfNeeded: worker.index)
    }

    private func worker(of call: UInt64) -> MediaWorker { workers[Int(call % UInt64(workers.count))] }

    private func admit(_ id: MediaLegID) throws(MediaError) {
        guard legs[id] == nil else { throw .duplicateLeg }
        guard !isStopped, legs.count < configuration.legsPerWorker * workers.count else { throw .tooManyLegs }
    }

    /// What a worker has to say, on the loop.
    fileprivate func receive(_ reports: [WorkerReport]) {
        for report in reports {
            switch report {
            case .statistics(let figures, let then): then(figures)
            case .event(let event):
                guard let event = event.ofLeg(tieLines) else { continue }
                if case .closed(let id, let figures) = event, let leg = legs.removeValue(forKey: id) {
                    // Whoever was joined with it after it was told to close.
                    untie(id)
                    if let pair = leg.pair, !isStopped { giveBack(pair, figures) }
                }
                handler(event)
            }
        }
    }
}

extension MediaPlane {
    private func giveBack(_ pair: BoundPair, _ figures: LegStatistics) {
        ports.giveBack(pair, wasSentTo: figures.wasSentTo, at: loop.now)
        guard !closesUnused else { return }
        closesUnused = true
        closeUnused(after: Self.tidiness)
    }

    /// A few at a time: the loop has others to serve.
    private func closeUnused(after delay: Duration) {
        loop.schedule(after: delay) { [weak self] in
            guard let self, !isStopped else { return }
            closesUnused = ports.closeUnused(atMost: Self.closedAtOnce, at: loop.now)
            if closesUnused { closeUnused(after: Self.tidiness) }
        }
    }

    private static let tidiness = Duration.milliseconds(200)
    private static let closedAtOnce = 64
}

/// The workers' way back to the plane, which does not keep it alive.
private final class ReportOutlet: Sendable {
    /// Set once, before any leg exists, and read on the loop.
    final class Target: @unchecked Sendable {
        // Guarded by being written before the first report and read on the loop only.
        weak var value: MediaPlane?
    }

    let plane = Target()
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func deliver(_ reports: [WorkerReport]) {
        loop.execute { self.plane.value?.receive(reports) }
    }
}
