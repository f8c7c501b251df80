/// What the transaction layer wants done or known, in the order it happened.
package enum TransactionOutput: Sendable {
    /// Bytes for the transport.
    case transmit([UInt8], Flow)
    /// A request that belongs to no transaction: `accept` it, or answer it without state, before the next `receive`.
    case request(SIPRequest, Flow)
    /// An ACK that belongs to no transaction, as every ACK for a 2xx.
    case acknowledgement(SIPRequest, Flow)
    /// The peer gave an INVITE up that has no final response yet; the CANCEL itself is answered.
    case cancelled(ServerTransactionID, SIPRequest)
    case response(SIPResponse, ClientTransactionID)
    /// No final response will come.
    case clientFailed(ClientTransactionID, TransactionFailure)
    /// Our final response was not acknowledged, or could not be sent.
    case serverFailed(ServerTransactionID, TransactionFailure)
    /// Forgotten; nothing with this name follows.
    case clientEnded(ClientTransactionID)
    case serverEnded(ServerTransactionID)
}

/// Why a transaction came to nothing.
package enum TransactionFailure: Sendable, Equatable {
    /// Timer B, F or H.
    case timeout
    /// The transport could not send.
    case transport
}

/// How much a transaction layer may hold; past it requests are answered 503 without state.
package struct TransactionLimits: Sendable {
    package var clients: Int
    package var servers: Int
    /// Seconds a refused peer is told to wait.
    package var retryAfter: UInt32

    package init(clients: Int = 100_000, servers: Int = 100_000, retryAfter: UInt32 = 5) {
        self.clients = clients
        self.servers = servers
        self.retryAfter = retryAfter
    }
}

/// A request and how it was answered in the end.
package struct AnsweredRequest: Hashable, Sendable {
    /// `OTHER` for methods this module has no name for.
    package let method: String
    package let status: Int

    package init(_ method: SIPMethod, _ status: Int) {
        self.method = method.word
        self.status = status
    }
}

/// What a transaction layer did so far; counts only grow.
package struct TransactionCounts: Sendable, Equatable {
    /// Final answers of ours and of peers, each request once.
    package var answered: [AnsweredRequest: UInt64] = [:]
    /// How long those took that had a transaction.
    package var times: [TimedRequest: AnswerTimes] = [:]
    package var requestsRetransmitted: UInt64 = 0
    package var responsesRetransmitted: UInt64 = 0
    /// Repeated requests of peers that reached no user.
    package var retransmissionsAbsorbed: UInt64 = 0
    /// Final responses of peers that came once more.
    package var responsesRepeated: UInt64 = 0
    package var timeouts: UInt64 = 0
    /// Requests refused for want of room.
    package var refused: UInt64 = 0
    /// Responses that belong to nothing.
    package var strayResponses: UInt64 = 0
}
