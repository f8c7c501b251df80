import Wire

/// Names a client transaction of one layer; never used twice.
package struct ClientTransactionID: SerialID {
    package let rawValue: UInt64
}

/// Names a server transaction of one layer; never used twice.
package struct ServerTransactionID: SerialID {
    package let rawValue: UInt64
}

/// What a response is matched by (RFC 3261 section 17.1.3): our own unguessable branch, and the method.
struct ClientTransactionKey: Hashable {
    let branch: String
    let method: SIPMethod
}

/// What a request is matched by (RFC 3261 section 17.2.3).
///
/// An ACK or CANCEL finds its INVITE under `.invite`.
enum ServerTransactionKey: Hashable {
    case branch(String, host: String, port: UInt16, method: SIPMethod)
    /// RFC 2543 peers make no unique branch. The To tag, which the section wants compared too, is left to the layer:
    /// an ACK carries ours, a repeated INVITE does not.
    case legacy(uri: String, fromTag: String, callID: String, number: UInt32, via: String, method: SIPMethod)

    init?(_ request: SIPRequest, method: SIPMethod? = nil) {
        guard let via = request.headers.topVia, let sequence = request.headers.cseq else { return nil }
        let method = method ?? (request.method == .ack ? .invite : request.method)
        if let branch = via.uniqueBranch {
            self = .branch(branch, host: lowercased(via.host), port: via.effectivePort, method: method)
            return
        }
        self = .legacy(
            uri: request.uri.description, fromTag: request.headers.fromTag ?? "",
            callID: request.headers.callID ?? "", number: sequence.number,
            via: "\(via.host.lowercased()):\(via.effectivePort);\(via.branch ?? "")", method: method)
    }
}

/// What two requests share that are one request come by two ways (RFC 3261 section 8.2.2.2).
struct MergedRequestKey: Hashable {
    let fromTag: String
    let callID: String
    let sequence: CSeq

    /// Nil for what cannot be merged: a request within a dialog, or one without a From tag.
    init?(_ request: SIPRequest) {
        guard request.headers.toTag == nil, let fromTag = request.headers.fromTag,
            let callID = request.headers.callID, let sequence = request.headers.cseq
        else { return nil }
        (self.fromTag, self.callID, self.sequence) = (fromTag, callID, sequence)
    }
}
