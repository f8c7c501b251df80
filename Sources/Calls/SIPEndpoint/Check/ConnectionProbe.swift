import Directory
import Reactor
import SIP
import Wire

/// Opens a TCP or TLS connection to one server of a trunk, looks at its certificate, and closes it.
struct ConnectionProbe {
    /// How long a connection may take, its handshake included.
    static let limit = Duration.seconds(8)

    let loop: any EventLoop
    let network: any Network
    let tls: TrunkTLS

    /// Answers once, in a later turn.
    func probe(_ server: Flow, then: @escaping (ConnectionFinding) -> Void) {
        attempt(server, verifies: tls.verifies) { outcome, certificate in
            var finding = ConnectionFinding(server: server, outcome: outcome, now: loop.wallTime)
            finding.isUnverified = server.transport == .tls && !tls.verifies
            finding.certificate = certificate
            guard case .failed(.failed(.tls)) = outcome, tls.verifies else { return then(finding) }
            // What was refused is shown all the same: it says what to do.
            attempt(server, verifies: false) { _, certificate in
                finding.certificate = certificate
                then(finding)
            }
        }
    }

    private func attempt(
        _ server: Flow, verifies: Bool,
        then: @escaping (ConnectionFinding.Outcome, PeerCertificate?) -> Void
    ) {
        let start = loop.now
        let plain = network.connect(to: server.remote)
        var connection: any StreamConnection = plain
        if server.transport == .tls {
            do throws(TLSFailure) {
                connection = try secure(plain, server, verifies: verifies)
            } catch {
                plain.close()
                return loop.later { then(.failed(.failed(.tls(error))), nil) }
            }
        }
        let trial = Trial(then)
        let timer = loop.schedule(after: Self.limit) { trial.finish(.failed(.failed(.timedOut)), nil) }
        trial.onFinish = { [loop] in
            loop.cancel(timer)
            connection.close()
        }
        connection.handler = { [loop] event in
            switch event {
            case .opened:
                let certificate = (connection as? TLSConnection)?.peerCertificate
                trial.finish(.opened(after: loop.now - start), certificate)
            case .closed(let reason): trial.finish(.failed(reason), nil)
            case .received: break
            }
        }
    }

    private func secure(
        _ stream: any StreamConnection, _ server: Flow, verifies: Bool
    ) throws(TLSFailure) -> TLSConnection {
        var settings = try TLSClientSettings(tls, for: server.domain ?? server.remote.ip.description)
        settings.verifies = verifies
        let context = try TLSContext(client: settings)
        guard let secured = TLSConnection(over: stream, context: context, now: loop.wallTime) else {
            throw .unusable(problem: "OpenSSL has no memory left")
        }
        return secured
    }

    /// One attempt, which ends once.
    private final class Trial {
        private var then: ((ConnectionFinding.Outcome, PeerCertificate?) -> Void)?
        var onFinish: () -> Void = {}

        init(_ then: @escaping (ConnectionFinding.Outcome, PeerCertificate?) -> Void) { self.then = then }

        func finish(_ outcome: ConnectionFinding.Outcome, _ certificate: PeerCertificate?) {
            guard let then else { return }
            self.then = nil
            onFinish()
            onFinish = {}
            then(outcome, certificate)
        }
    }
}
