import Wire

/// A transfer the peer asks for (RFC 3515 section 2.4).
struct IncomingTransfer: Sendable {
    /// Accepted, and its sender not told yet how it went.
    var isOpen = false
    /// The CSeq number of the REFER, which names its subscription when it is not the first (section 2.4.6).
    var eventID: UInt32?
    /// A REFER came before.
    var isRepeated = false
}

/// What the peer of a REFER wants to be done.
private struct ReferOrder {
    let target: SIPURI
    let replaces: Replaces?

    /// Nil when it cannot be read.
    init?(_ address: NameAddress) {
        var target = address.uri
        let embedded = target.headers.first { equalIgnoringCase($0.name, "Replaces") }?.value
        replaces = embedded.flatMap { Replaces($0) }
        if embedded != nil, replaces == nil { return nil }
        target.headers = []
        target.parameters.remove("method")
        self.target = target
    }
}

extension InviteSession {
    mutating func receiveRefer(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard isEstablished, !transfer.isOpen else { return context.respond(491, to: request, transaction, now: now) }
        let targets = request.headers.addresses(.referTo)
        guard targets.count == 1, let address = targets.first, let order = ReferOrder(address) else {
            return context.respond(400, to: request, transaction, now: now)
        }
        if let status = Self.reasonToRefuse(address.uri) {
            return context.respond(status, to: request, transaction, now: now)
        }
        var response = makeResponse(202, to: request, sdp: nil, context.profile)
        // Its sender does not want to hear how it goes (RFC 4488).
        let isSilent = equalIgnoringCase(request.headers[.referSub] ?? "", "false")
        if isSilent { response.headers[.referSub] = "false" }
        context.transactions.sendResponse(response, to: transaction, now: now)
        transfer.eventID = transfer.isRepeated ? request.headers.cseq?.number : nil
        transfer.isRepeated = true
        transfer.isOpen = !isSilent
        notifyTransfer(status: 100, now, &context)
        context.emit(
            .transferRequested(to: order.target, replaces: order.replaces, referredBy: request.headers.referredBy), id)
    }

    /// 403 for what would be another request than an INVITE, 416 for an address that is no call's.
    private static func reasonToRefuse(_ uri: SIPURI) -> Int? {
        if let method = uri.parameters["method"], !equalIgnoringCase(method, "INVITE") { return 403 }
        return uri.isSIP || uri.scheme == .tel ? nil : 416
    }

    /// Tells the peer how the transfer it asked for goes (RFC 3515 section 2.4.4); a final status ends the telling.
    mutating func notifyTransfer(status: Int, _ now: Instant, _ context: inout SessionContext) {
        guard isEstablished, transfer.isOpen, (100..<700).contains(status),
            var request = dialog?.makeRequest(.notify)
        else { return }
        transfer.isOpen = status < 200
        request.headers[.event] = "refer" + (transfer.eventID.map { ";id=\($0)" } ?? "")
        request.headers[.subscriptionState] = status < 200 ? "active;expires=60" : "terminated;reason=noresource"
        request.headers.contentType = MediaType(type: "message", subtype: "sipfrag", parameters: ["version": "2.0"])
        request.body = Array("SIP/2.0 \(status) \(SIPStatus.phrase(status))\r\n".utf8)
        authorize(&request, over: dialogFlow, &context)
        send(request, .notification, now: now, &context)
    }
}
