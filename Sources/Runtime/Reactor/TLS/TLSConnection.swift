package import Wire

/// TLS over a stream, as its server or its client: a stream itself, whose bytes are the plain ones.
///
/// `.opened` comes when the handshake is done and the peer is who it should be; a failure is told by
/// `.closed(.failed(.tls(…)))`. How long the handshake may take is the user's business. Lives on the loop.
package final class TLSConnection: StreamConnection {
    private let transport: any StreamConnection
    private let isServer: Bool
    private var session: TLSSession
    private var isClosed = false
    /// Why it was closed, when that was not the user's wish.
    private var verdict: StreamCloseReason?
    package var handler: (StreamEvent) -> Void = { _ in }

    /// Takes the stream's handler over; nil when OpenSSL has no memory left.
    ///
    /// `now` is what certificates are judged by.
    package init?(over transport: any StreamConnection, context: TLSContext, now: WallTime) {
        guard let session = TLSSession(context, now: now) else { return nil }
        self.session = session
        (self.transport, isServer) = (transport, context.isServer)
        transport.handler = { [self] event in handle(event) }
    }

    package var localAddress: SocketAddress { transport.localAddress }
    package var remoteAddress: SocketAddress { transport.remoteAddress }
    package var queuedBytes: Int { transport.queuedBytes + session.waitingBytes }

    /// What the peer showed, once the connection is open.
    package var peerCertificate: PeerCertificate? { session.peerCertificate() }

    package func send(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        guard session.send(bytes) else { return shut(.overflow) }
        flush()
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        session.close()
        flush()
        transport.close()
    }

    private func handle(_ event: StreamEvent) {
        switch event {
        case .opened:
            // An accepted stream never says so.
            if !isServer { session.start() }
        case .received(let bytes): session.receive(bytes)
        case .closed(let reason):
            isClosed = true
            let tell = handler
            handler = { _ in }
            return tell(.closed(verdict ?? reason))
        }
        flush()
        for event in session.takeEvents() where !isClosed { pass(event) }
    }

    private func pass(_ event: TLSSession.Event) {
        switch event {
        case .established: handler(.opened)
        case .received(let bytes): handler(.received(bytes))
        case .ended(let failure): shut(failure.map { .failed(.tls($0)) } ?? .remote)
        }
    }

    private func shut(_ reason: StreamCloseReason) {
        verdict = reason
        close()
    }

    /// Alerts and goodbyes leave even from a session that is over.
    private func flush() {
        let bytes = session.takeOutput()
        if !bytes.isEmpty { transport.send(bytes) }
    }
}
