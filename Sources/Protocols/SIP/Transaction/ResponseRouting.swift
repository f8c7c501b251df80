import Crypto
import Wire

extension TransactionLayer {
    /// Answers a request that has no transaction; the same request gets the same answer again.
    package mutating func answerStatelessly(
        _ request: SIPRequest, status: Int, reason: String? = nil, over flow: Flow,
        _ complete: (inout SIPHeaders) -> Void = { _ in }
    ) {
        guard request.method != .ack else { return }
        var response = SIPResponse(
            to: request, status: status, reason: reason, toTag: statelessTag(for: request))
        complete(&response.headers)
        count(response)
        outputs.append(.transmit(response.serialized(), Self.responseFlow(to: request, from: flow)))
    }

    /// Refuses a request without state.
    package mutating func refuse(_ request: SIPRequest, _ rejection: SIPRejection, over flow: Flow) {
        let response = rejection.response(to: request, toTag: statelessTag(for: request))
        count(response)
        outputs.append(.transmit(response.serialized(), Self.responseFlow(to: request, from: flow)))
    }

    /// A To tag that depends on the request alone (RFC 3261 section 8.2.7).
    func statelessTag(for request: SIPRequest) -> String {
        let headers = request.headers
        let parts = [
            statelessSecret, headers.callID ?? "", headers.fromTag ?? "", headers.cseq?.description ?? "",
            headers.topBranch ?? "",
        ]
        return Hex.encode(Hash.sha256(parts.joined(separator: "\n")).prefix(8))
    }

    /// Where the responses to a request go (RFC 3261 section 18.2.2, RFC 3581).
    ///
    /// Over TCP back over the connection. Over UDP to the source address, never elsewhere (`maddr` would let one
    /// datagram be answered to a third party), and to the source port when `rport` asks for it or when the sent-by is
    /// another address, so that a NAT stands between.
    static func responseFlow(to request: SIPRequest, from flow: Flow) -> Flow {
        guard !flow.transport.isReliable, let via = request.headers.topVia, !via.wantsResponsePort else { return flow }
        if let sentBy = IPAddress(via.host), sentBy != flow.remote.ip { return flow }
        return Flow(
            transport: flow.transport, remote: SocketAddress(ip: flow.remote.ip, port: via.effectivePort))
    }

    /// A connection to the sent-by port of the Via, for when the request's own connection is gone.
    static func fallbackFlow(to request: SIPRequest, from flow: Flow) -> Flow {
        let port = request.headers.topVia?.effectivePort ?? flow.remote.port
        let remote = SocketAddress(ip: flow.remote.ip, port: port)
        return Flow(transport: flow.transport, remote: remote, domain: flow.domain)
    }
}

extension SIPRequest {
    /// Writes into the top Via where the request really came from (RFC 3261 section 18.2.1, RFC 3581 section 4).
    ///
    /// A Via that is right stays as it came.
    mutating func noteSource(_ source: SocketAddress) {
        guard var via = headers.topVia else { return }
        let isAsked = via.wantsResponsePort
        let isElsewhere = isAsked || IPAddress(via.host) != source.ip
        guard isElsewhere || via.parameters.contains("received") else { return }
        if isAsked { via.rport = source.port }
        via.received = isElsewhere ? source.ip.description : nil
        headers.topVia = via
    }
}
