import Directory
import Reactor
import SIP
import TestKit
import Wire

@testable import SIPEndpoint

/// A server of a trunk that answers as its script says, and remembers what it was asked.
final class Carrier {
    /// What it does with an INVITE.
    enum Manner {
        case silent
        /// 100, and nothing more.
        case slow
        case answers(status: Int, ringing: Bool = false, headers: [(String, String)] = [])
        /// 200 after a while, whatever was said meanwhile.
        case late(Duration)
    }

    let address: SocketAddress
    var manner: Manner
    var answersOptions = true
    /// INVITEs that are answered 200 whatever the manner is.
    var accepted: (SIPRequest) -> Bool = { _ in false }
    /// What REGISTER is answered with, by the request.
    var registrar: (SIPRequest) -> SIPResponse? = { _ in nil }
    private(set) var requests: [SIPRequest] = []
    private(set) var responses: [SIPResponse] = []
    private let loop: SimulatedLoop
    private var socket: (any DatagramSocket)?

    init(_ simulation: Simulation, at host: String, port: UInt16 = 5060, _ manner: Manner) throws {
        let machine = simulation.host(host)
        address = SocketAddress(ip: machine.addresses.first ?? .anyIPv4, port: port)
        (self.manner, loop) = (manner, simulation.loop)
        socket = try machine.openDatagram(on: SocketAddress(ip: .anyIPv4, port: port)) { [self] bytes, source in
            guard let message = try? SIPParser.parse(bytes) else { return }
            switch message {
            case .request(let request): receive(request, from: source)
            case .response(let response): responses.append(response)
            }
        }
    }

    func count(_ method: SIPMethod) -> Int { Set(requests.filter { $0.method == method }.compactMap(\.branch)).count }
    var invite: SIPRequest? { requests.last { $0.method == .invite } }
    func forget() { (requests, responses) = ([], []) }

    private func receive(_ request: SIPRequest, from source: SocketAddress) {
        requests.append(request)
        func answer(_ status: Int, _ headers: [(String, String)] = [], sdp: Bool = false) {
            var response = SIPResponse(to: request, status: status, toTag: status > 100 ? "carrier" : nil)
            for (name, value) in headers { response.headers.append(name, value) }
            if sdp {
                response.headers.contacts = [NameAddress(uri: SIPURI(user: "line", address: address))]
                response.headers.contentType = .sdp
                response.body = [2]
            }
            socket?.send(response.serialized(), to: source)
        }
        switch request.method {
        case .options: if answersOptions { answer(200) }
        case .register: if let response = registrar(request) { socket?.send(response.serialized(), to: source) }
        case .invite where accepted(request): answer(200, sdp: true)
        case .invite:
            switch manner {
            case .silent: break
            case .slow: answer(100)
            case .answers(let status, let rings, let headers):
                answer(100)
                if rings { answer(180) }
                answer(status, headers, sdp: status < 300)
            case .late(let delay): loop.schedule(after: delay) { answer(200, sdp: true) }
            }
        case .bye, .cancel: answer(200)
        default: break
        }
    }

    func send(_ request: SIPRequest, to remote: SocketAddress) { socket?.send(request.serialized(), to: remote) }
}

extension SIPRequest {
    var branch: String? { headers.topVia?.branch }
}

extension Trunk {
    /// A trunk of numeric servers that are tried in the order they are named, never asked whether they live.
    static func test(_ name: String, _ hosts: String..., keepAlive: Duration? = nil) -> Trunk {
        var trunk = Trunk(
            name: name,
            targets: hosts.enumerated().map {
                TrunkTarget(host: $0.element, port: 5060, transport: .udp, priority: $0.offset)
            })
        trunk.keepAlive = keepAlive
        return trunk
    }
}

/// A gateway with trunks, and what it says.
struct TrunkWorld {
    let simulation: Simulation
    let gateway: Station

    init(
        seed: UInt64 = 1, over quality: BadNetwork = .perfect, _ trunks: Trunk...,
        adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) throws {
        simulation = Simulation(seed: seed, over: quality)
        gateway = try Station(simulation, at: "192.0.2.1") {
            $0.trunks = trunks
            adjust(&$0)
        }
    }

    static let address = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5060)

    func carrier(_ host: String, port: UInt16 = 5060, _ manner: Carrier.Manner) throws -> Carrier {
        try Carrier(simulation, at: host, port: port, manner)
    }

    func run(_ duration: Duration) { simulation.loop.advance(by: duration) }

    @discardableResult
    func call(_ number: String = "84951234567", by trunk: String? = nil) -> SIPLegID {
        gateway.call(.trunk(TrunkRoute(trunk: trunk, number: number)))
    }

    /// The status the last call was refused with.
    var refusal: Int? { if case .rejected(let status, _, _)? = gateway.events.last { status } else { nil } }

    var isAnswered: Bool { gateway.events.last == .answered(sdp: [2]) }

    func counts(_ trunk: String) -> TrunkCounts? {
        gateway.statistics.trunks.first { $0.status.name == trunk }?.counts
    }

    func status(_ trunk: String) -> TrunkStatus? {
        gateway.with { $0.trunkStatuses() }.first { $0.name == trunk }
    }
}
