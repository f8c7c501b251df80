import Wire

/// The ACK of a 2xx as it went out, to go out again when the 2xx comes again (RFC 3261 section 13.2.2.4).
struct SentAcknowledgement: Sendable {
    /// The CSeq number of the INVITE.
    let sequence: UInt32
    let bytes: [UInt8]
    let flow: Flow
}

extension SessionContext {
    /// Sends an ACK, which no transaction looks after.
    mutating func acknowledge(_ ack: SIPRequest, peer: SessionPeer, over flow: Flow) -> SentAcknowledgement {
        var complete = ack
        complete.headers.prependVia(makeVia(flow, sentBy: peer.sentBy))
        let sent = SentAcknowledgement(
            sequence: ack.headers.cseq?.number ?? 0, bytes: complete.serialized(), flow: flow)
        transactions.transmit(sent.bytes, over: flow)
        return sent
    }

    /// Sends an ACK once more: byte for byte, or with a Via that is right for the flow the peer is reached over now.
    mutating func acknowledgeAgain(_ ack: SentAcknowledgement, peer: SessionPeer, over flow: Flow) {
        // What the peer's Contact made of it may be more than we would read.
        guard flow != ack.flow, case .request(var request)? = try? SIPParser.parse(ack.bytes) else {
            return transactions.transmit(ack.bytes, over: flow)
        }
        request.headers.remove(.via)
        _ = acknowledge(request, peer: peer, over: flow)
    }
}

extension SIPRequest {
    /// What is needed of an INVITE once it is answered or given up, should another fork answer, too: whose it was, its
    /// number, and the credentials, which every ACK carries.
    var outline: SIPRequest {
        var outline = SIPRequest(method, uri)
        for name in [SIPHeaderName.from, .callID, .cseq, .authorization, .proxyAuthorization] {
            outline.headers.copy(name, from: headers)
        }
        return outline
    }
}
