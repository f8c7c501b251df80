import Reactor
import SIP
import TestKit
import Wire

/// A peer that sends what the test writes, over UDP, and keeps what comes back.
final class RawPeer {
    let address: SocketAddress
    private(set) var received: [SIPMessage] = []
    private var socket: (any DatagramSocket)?
    private let target = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5060)
    private var branches = 0

    convenience init(_ simulation: Simulation, at host: String, port: UInt16 = 5060) throws {
        try self.init(on: simulation.host(host), port: port)
    }

    init(on machine: SimulatedHost, port: UInt16) throws {
        address = SocketAddress(ip: machine.addresses.first ?? .anyIPv4, port: port)
        let local = SocketAddress(ip: .anyIPv4, port: port)
        socket = try machine.openDatagram(on: local) { [unowned self] bytes, _ in
            if let message = try? SIPParser.parse(bytes) { received.append(message) }
        }
    }

    func send(_ bytes: [UInt8]) { socket?.send(bytes, to: target) }
    func send(_ request: SIPRequest) { send(request.serialized()) }

    /// A request with a branch of its own, outside every dialog.
    func request(
        _ method: SIPMethod, user: String = "9196", from: String = "100", callID: String = "raw", number: UInt32 = 1,
        sentBy: SocketAddress? = nil
    ) -> SIPRequest {
        branches += 1
        let exchange = SIPURI(user: user, address: target)
        var request = SIPRequest(method, exchange)
        var via = Via(transport: .udp, sentBy: sentBy ?? address, branch: "z9hG4bK\(address.port)\(branches)")
        via.requestResponsePort()
        request.headers.prependVia(via)
        request.headers.maxForwards = 70
        var caller = NameAddress(uri: SIPURI(user: from, address: target))
        caller.tag = "raw"
        request.headers.from = caller
        request.headers.to = NameAddress(uri: exchange)
        request.headers.callID = callID
        request.headers.cseq = CSeq(number, method)
        request.headers.contacts = [NameAddress(uri: SIPURI(user: from, address: sentBy ?? address))]
        return request
    }

    /// The same request once more, with the answer to the last challenge.
    func authorized(_ request: SIPRequest, as user: String, password: String = "secret") -> SIPRequest? {
        guard let challenge = responses.last(where: { $0.status == 401 }) else { return nil }
        var client = DigestClient(username: user, secret: .password(password), realm: "tandem")
        var entropy = Entropy(seed: 1)
        var again = request
        guard client.answer(challenge, in: &again, entropy: &entropy) else { return nil }
        branches += 1
        again.headers.topVia?.branch = "z9hG4bK\(address.port)\(branches)"
        again.headers.cseq = request.headers.cseq.map { CSeq($0.number + 1, $0.method) }
        return again
    }

    var responses: [SIPResponse] {
        received.compactMap { if case .response(let response) = $0 { response } else { nil } }
    }

    var requests: [SIPRequest] {
        received.compactMap { if case .request(let request) = $0 { request } else { nil } }
    }

    var statuses: [Int] { responses.map(\.status) }
    func forget() { received = [] }
}
