import Calls
import Reactor
package import SocketIO
package import Web
import Wire

/// The signalling doors: `/ws` and Socket.IO, with the hub behind them.
package struct Signalling: Sendable {
    package let hub: SignallingHub
    private let socketIO: SocketIOServer
    private let socketIOPath: String

    /// `socketIOPath` is `SOCKETIO_PATH`; a trailing slash counts for nothing.
    package init(
        _ services: SignallingServices, socketIOPath: String = "/socket.io",
        configuration: EngineConfiguration = EngineConfiguration()
    ) {
        hub = SignallingHub(services)
        socketIO = SocketIOServer(hub: hub, configuration: configuration)
        let trimmed = socketIOPath.count > 1 && socketIOPath.hasSuffix("/")
        self.socketIOPath = trimmed ? String(socketIOPath.dropLast()) : socketIOPath
        let (calls, hub) = (services.calls, hub)
        services.loop.execute { calls.assumeIsolated { $0.addObserver(hub) } }
    }

    /// The WebSocket paths.
    package var endpoints: [WebSocketEndpoint] { [plain("/ws"), plain("/ws/signaling"), upgrading] }

    /// The polling transport of Socket.IO.
    package func addRoutes(to router: inout Router) {
        let socketIO = socketIO
        for method in [HTTPMethod.get, .post, .put, .patch, .delete] {
            router.serve(method, socketIOPath) { request, _ in await socketIO.respond(to: request) }
        }
    }

    /// Ends the sessions that poll; those on WebSockets end with the web server.
    package func stop() { socketIO.assumeIsolated { $0.stop() } }

    private func plain(_ path: String) -> WebSocketEndpoint {
        let hub = hub
        return WebSocketEndpoint(
            path: path,
            refuse: { request in Admission.refusal(request, hub.access) },
            open: { socket in
                let admission = try? Admission(socket.request, hub.access)
                let opening = SessionOpening(
                    token: admission?.token, isOpen: admission?.isOpen ?? false, lastEventID: admission?.lastEventID)
                let session = hub.makeSession(.plain(socket), style: .flat, opening)
                hub.loop.later { session.assumeIsolated { $0.begin() } }
                return WebSocketHandler(
                    onMessage: { message in session.assumeIsolated { $0.receive(message) } },
                    onClose: { _ in session.assumeIsolated { $0.end() } })
            })
    }

    /// Socket.IO has its own pings.
    private var upgrading: WebSocketEndpoint {
        let socketIO = socketIO
        return WebSocketEndpoint(
            path: socketIOPath, pingInterval: nil,
            refuse: { request in await socketIO.refusal(of: request) },
            open: { socket in socketIO.assumeIsolated { $0.accept(socket) } })
    }
}
