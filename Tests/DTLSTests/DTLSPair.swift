import Crypto
import DTLS
import Wire

/// A client and a server joined in memory; `filter` decides which datagrams arrive.
final class DTLSPair {
    enum Side { case client, server }

    struct Outcome {
        var keys: SRTPKeys?
        var failure: DTLSError?
        var isClosed = false
    }

    private var clientEnd: DTLSConnection
    private var serverEnd: DTLSConnection
    private(set) var client = Outcome()
    private(set) var server = Outcome()
    /// Gets the sender and the running number of its datagram; returns what arrives instead.
    var filter: (Side, Int, [UInt8]) -> [[UInt8]] = { _, _, datagram in [datagram] }
    private var sent: [Side: Int] = [:]
    private let began = ContinuousClock.now

    init(
        clientContext: DTLSContext, serverContext: DTLSContext, clientExpects: [Fingerprint]? = nil,
        serverExpects: [Fingerprint]? = nil
    ) throws(DTLSError) {
        clientEnd = try DTLSConnection(
            context: clientContext, role: .client, expecting: clientExpects ?? [serverContext.fingerprint], now: .zero)
        serverEnd = try DTLSConnection(
            context: serverContext, role: .server, expecting: serverExpects ?? [clientContext.fingerprint], now: .zero)
    }

    var isDone: Bool { client.keys != nil && server.keys != nil }
    var deadlines: (client: Instant, server: Instant) { (clientEnd.nextDeadline, serverEnd.nextDeadline) }

    /// The retransmission clock is OpenSSL's own, so it is followed here.
    var now: Instant { Instant.zero + (ContinuousClock.now - began) }

    /// Carries datagrams both ways until nothing is left to carry.
    func pump() {
        var moved = true
        while moved {
            moved = false
            while let datagram = clientEnd.nextDatagram() { moved = deliver(datagram, from: .client) || moved }
            while let datagram = serverEnd.nextDatagram() { moved = deliver(datagram, from: .server) || moved }
        }
    }

    /// Pumps and lets retransmission timers run out until both sides are connected or `limit` has passed.
    func pumpWithTimers(limit: Duration = .seconds(20)) {
        while !isDone, now < .zero + limit {
            pump()
            expire(at: now)
        }
    }

    func expire(at moment: Instant) {
        note(clientEnd.handleTimeout(now: moment), .client)
        note(serverEnd.handleTimeout(now: moment), .server)
    }

    func inject(_ datagram: [UInt8], to side: Side) {
        switch side {
        case .client: note(clientEnd.receive(datagram.span.bytes, now: now), .client)
        case .server: note(serverEnd.receive(datagram.span.bytes, now: now), .server)
        }
    }

    func alerts(of side: Side) -> DTLSAlerts? { side == .client ? clientEnd.alerts() : serverEnd.alerts() }

    func close(_ side: Side) {
        if side == .client { clientEnd.close() } else { serverEnd.close() }
    }

    private func deliver(_ datagram: [UInt8], from side: Side) -> Bool {
        let number = sent[side, default: 0]
        sent[side] = number + 1
        for arriving in filter(side, number, datagram) { inject(arriving, to: side == .client ? .server : .client) }
        return true
    }

    private func note(_ event: DTLSEvent?, _ side: Side) {
        var outcome = Outcome()
        switch event {
        case nil: return
        case .connected(let keys): outcome.keys = keys
        case .failed(let error): outcome.failure = error
        case .closed: outcome.isClosed = true
        }
        let previous = side == .client ? client : server
        outcome.keys = outcome.keys ?? previous.keys
        if side == .client { client = outcome } else { server = outcome }
    }
}

/// A certificate valid around now and far beyond; its dates are never checked by the peer.
func makeContext(
    profiles: [SRTPProfile] = [.aeadAES128GCM, .aeadAES256GCM, .aes128CMHMACSHA1Tag80],
    ciphers: [String] = DTLSContext.ciphers,
    retransmission: Duration = .milliseconds(250)
) throws -> DTLSContext {
    let certificate = try Certificate.selfSigned(
        commonName: "test", now: WallTime(milliseconds: 1_700_000_000_000), days: 30)
    return try DTLSContext(
        certificate: certificate, profiles: profiles, ciphers: ciphers, retransmission: retransmission)
}
