import Directory
import Reactor
import SDP
import SIP
import Telemetry
import TestKit
import Wire

@testable import SIPEndpoint

/// A provider on a simulated network: an exchange of its own that answers calls with sound and takes re-INVITEs.
actor Provider: SIPCallHandler {
    nonisolated let loop: SimulatedLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What it does with calls.
    struct Manner {
        var hasEarlyMedia = true
        var sendsAudio = true
        var takesDigits = true
        var takesHold = true
        /// The status it refuses with.
        var refusal: Int?
        /// False: it rings for ever.
        var picksUp = true
    }

    nonisolated let endpoint: SIPEndpoint
    private let manner: Manner
    private let audio: any DatagramSocket
    private let address: SocketAddress
    private var description = LocalSession(id: 1 << 20)
    private var listener: SocketAddress?

    init(_ simulation: Simulation, at host: SimulatedHost, _ manner: Manner) throws {
        loop = simulation.loop
        self.manner = manner
        let ip = host.addresses.first ?? .anyIPv4
        endpoint = SIPEndpoint(
            loop: loop, network: host, accounts: TestAccounts("100"),
            configuration: SIPEndpointConfiguration(addressFacing: { _ in ip }), logger: .silent)
        audio = try host.openDatagram(on: SocketAddress(ip: ip, port: 0)) { _, _ in }
        address = audio.localAddress
    }

    func start() throws {
        let handler = self
        try endpoint.assumeIsolated {
            $0.setHandler(handler)
            try $0.start()
        }
    }

    func inviteArrived(_ leg: SIPLegID, _ invite: IncomingInvite) {
        if let status = manner.refusal { return with { $0.reject(leg, status: status, reason: nil) } }
        guard let offer = invite.offer, let answer = answer(offer) else { return }
        let early = manner.hasEarlyMedia ? answer : nil
        with { $0.ring(leg, answer: early) }
        if manner.sendsAudio { speak() }
        guard manner.picksUp else { return }
        loop.schedule(after: .seconds(2)) { [endpoint] in
            endpoint.assumeIsolated { $0.accept(leg, answer: answer) }
        }
    }

    func sipEvent(_ leg: SIPLegID, _ event: SIPLegEvent) {
        switch event {
        case .offered(let sdp):
            guard manner.takesHold, let sdp, let answer = answer(sdp) else {
                return with { $0.rejectOffer(leg, status: 488) }
            }
            with { $0.answerOffer(leg, sdp: answer) }
        case .ended, .cancelled, .rejected: listener = nil
        default: break
        }
    }

    func registrationChanged(account: String, registered: Bool) {}
    func upstreamChanged(registered: Bool, detail: String) {}
    func trunkChanged(_ status: TrunkStatus) {}

    private func with(_ body: (isolated SIPEndpoint) -> Void) { endpoint.assumeIsolated(body) }

    private func answer(_ offer: [UInt8]) -> [UInt8]? {
        let lines = String(decoding: offer, as: UTF8.self).split(separator: "\r\n")
            .filter { manner.takesDigits || !$0.contains("telephone-event") }
        let understood = lines.map { $0 + "\r\n" }.joined()
        guard let remote = try? RemoteAudio(parsing: Array(understood.utf8)) else { return nil }
        listener = remote.stream.rtp
        return description.answer(LocalAudioAnswer(transport: .rtp(address), to: remote, codec: .pcma))?.body
    }

    private func speak() {
        guard let listener else { return }
        audio.send([0x80, 8] + [UInt8](repeating: 0, count: 170), to: listener)
        loop.schedule(after: .milliseconds(20)) { [weak self] in self?.assumeIsolated { $0.speak() } }
    }
}
