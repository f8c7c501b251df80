import SIP
import Wire

@testable import SIPEndpoint

/// A SIP phone on one wire, as a browser's library or a desk phone is: it registers, answers calls, places them.
final class ConnectedPhone {
    let user: String
    let transport: SIPTransport
    private(set) var received: [SIPMessage] = []
    private var wire: PhoneWire
    private var pending: SIPRequest?
    private var digest: DigestClient?
    private var entropy = Entropy(seed: 5)
    private var sequence: UInt32 = 0
    /// Whose the Contact says it is, when not our own.
    var contactUser: String?
    /// The INVITE of the call we answered.
    private(set) var call: SIPRequest?

    init(_ user: String, by transport: SIPTransport, over wire: PhoneWire) {
        (self.user, self.transport, self.wire) = (user, transport, wire)
        attach()
    }

    /// Goes on over another wire, as after a change of network.
    func move(to other: PhoneWire) {
        wire = other
        attach()
    }

    private func attach() { wire.onMessage = { [unowned self] in receive($0) } }

    var statuses: [Int] { received.compactMap { if case .response(let one) = $0 { one.status } else { nil } } }
    var requests: [SIPRequest] { received.compactMap { if case .request(let one) = $0 { one } else { nil } } }
    var responses: [SIPResponse] { received.compactMap { if case .response(let one) = $0 { one } else { nil } } }

    private var contact: String {
        let name = contactUser ?? user
        return "<sip:\(name)@\(name).invalid;transport=\(transport.rawValue.lowercased())>"
    }

    func register(parameters: String = "") {
        var request = request(.register, "sip:tandem.test", callID: "register")
        request.headers.append(.contact, contact + parameters)
        request.headers.supported = ["path", "outbound"]
        request.headers.expires = 600
        send(request)
    }

    func invite(_ number: String, sdp: [UInt8] = [1]) {
        var request = request(.invite, "sip:\(number)@tandem.test", callID: "call")
        request.headers.append(.contact, contact)
        request.headers.contentType = .sdp
        request.body = sdp
        send(request)
    }

    /// BYE, or another request, within the call we answered.
    func sendInCall(_ method: SIPMethod, sdp: [UInt8] = []) {
        guard let call, let from = call.headers.from, var me = call.headers.to,
            let uri = call.headers.contacts.first?.uri
        else { return }
        var request = request(method, uri.description, callID: call.headers.callID ?? "")
        me.tag = "phone"
        request.headers.from = me
        request.headers.to = from
        if !sdp.isEmpty {
            request.headers.append(.contact, contact)
            request.headers.contentType = .sdp
            request.body = sdp
        }
        send(request)
    }

    func send(_ bytes: [UInt8]) { wire.send(bytes) }

    private func send(_ request: SIPRequest) {
        pending = request
        wire.send(request.serialized())
    }

    private func request(_ method: SIPMethod, _ uri: String, callID: String) -> SIPRequest {
        sequence += 1
        guard let target = SIPURI(uri), let address = SIPURI("sip:\(user)@tandem.test") else {
            preconditionFailure("\(uri) is no URI")
        }
        var request = SIPRequest(method, target)
        request.headers.prependVia(
            Via(transport: transport, host: "\(user).invalid", branch: "z9hG4bK\(user)\(sequence)"))
        request.headers.maxForwards = 70
        var from = NameAddress(uri: address)
        from.tag = "phone"
        request.headers.from = from
        request.headers.to = NameAddress(uri: method == .register ? address : target)
        request.headers.callID = callID
        request.headers.cseq = CSeq(sequence, method)
        return request
    }

    private func receive(_ bytes: [UInt8]) {
        guard let message = try? SIPParser.parse(bytes) else { return }
        received.append(message)
        switch message {
        case .request(let request): answer(request)
        case .response(let response): proceed(response)
        }
    }

    private func answer(_ request: SIPRequest) {
        guard request.method != .ack else { return }
        var response = SIPResponse(to: request, status: 200, toTag: "phone")
        if request.method == .invite {
            if request.headers.to?.tag == nil { call = request }
            response.headers.append(.contact, contact)
            response.headers.contentType = .sdp
            response.body = [2]
        }
        wire.send(response.serialized())
    }

    private func proceed(_ response: SIPResponse) {
        guard let request = pending, response.headers.cseq == request.headers.cseq, response.status >= 200 else {
            return
        }
        if response.status == 401 { return authorize(request, response) }
        guard request.method == .invite else { return }
        acknowledge(request, response)
    }

    private func authorize(_ request: SIPRequest, _ response: SIPResponse) {
        var client = digest ?? DigestClient(username: user, secret: .password("secret"), realm: "tandem")
        var again = request
        guard client.answer(response, in: &again, entropy: &entropy) else { return }
        digest = client
        sequence += 1
        again.headers.topVia?.branch = "z9hG4bK\(user)\(sequence)"
        again.headers.cseq = CSeq(sequence, request.method)
        send(again)
    }

    private func acknowledge(_ request: SIPRequest, _ response: SIPResponse) {
        let uri = response.headers.contacts.first?.uri.description ?? request.uri.description
        var ack = self.request(.ack, uri, callID: request.headers.callID ?? "")
        ack.headers.to = response.headers.to
        ack.headers.cseq = CSeq(request.headers.cseq?.number ?? 0, .ack)
        wire.send(ack.serialized())
    }
}
