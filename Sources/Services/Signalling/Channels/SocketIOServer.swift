import CallViews
import Reactor
import SocketIO
import Telemetry
import Web
import Wire

/// The Socket.IO path: finds or opens the session a request belongs to.
actor SocketIOServer {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let configuration: EngineConfiguration
    /// Sessions at once, with or without a connection.
    static let maximumSessions = 10_000
    /// Sessions of one address whose client has not said who it is.
    static let maximumStrangersPerAddress = 256

    private let hub: SignallingHub
    private var connections: [String: SocketIOConnection] = [:]
    private var strangers = AddressTally(limit: SocketIOServer.maximumStrangersPerAddress)
    private var lastRequest: UInt64 = 0
    private var entropy: Entropy

    init(hub: SignallingHub, configuration: EngineConfiguration) {
        (self.hub, self.configuration, loop) = (hub, configuration, hub.loop)
        entropy = hub.loop.makeEntropy()
    }

    var sessionCount: Int { connections.count }

    func forget(_ id: String) { connections[id] = nil }

    /// A client of this address has said who it is, or is gone.
    func forgetStranger(at address: IPAddress) { strangers.release(address) }

    func stop() {
        for connection in connections.values { connection.assumeIsolated { $0.disconnect() } }
    }

    nonisolated func open(
        _ request: HTTPRequest, auth: JSONValue?, over connection: SocketIOConnection
    ) throws(Failure) -> Session {
        let admission: Admission
        do throws(Failure) {
            admission = try Admission(request, hub.access)
        } catch {
            throw .forbidden
        }
        let token = auth?["token"]?.stringValue ?? admission.token
        if admission.needsToken, token == nil { throw .unauthorized }
        let lastEventID = auth?["lastEventId"]?.stringValue ?? admission.lastEventID
        return hub.makeSession(
            .socketIO(connection), style: .socketIO,
            SessionOpening(token: token, isOpen: admission.isOpen, lastEventID: lastEventID))
    }

    // MARK: - Polling

    /// Answers one request of the polling transport, which may take until something is to be said.
    func respond(to request: HTTPRequest) async -> HTTPResponse {
        do throws(EngineRefusal) {
            let wanted = try wanted(request, isWebSocket: false)
            guard let sessionID = wanted.sessionID else { return await open(request) }
            guard let connection = connections[sessionID] else { throw .unknownSession }
            let id = nextRequest()
            switch wanted.method {
            case .get: return await wait(connection, id) { $0.poll(id) }
            case .post: return await wait(connection, id) { $0.post(id, request.body) }
            case .other: throw .badRequest
            }
        } catch {
            return HTTPResponse(error.response)
        }
    }

    private func open(_ request: HTTPRequest) async -> HTTPResponse {
        do throws(Failure) {
            _ = try Admission(request, hub.access)
        } catch {
            return error.response
        }
        guard connections.count < Self.maximumSessions else { return Failure.overloaded.response }
        guard strangers.admit(request.remote.ip) else { return Self.tooManyStrangers.response }
        let (sessionID, id) = (newID(), nextRequest())
        let connection = SocketIOConnection(id: sessionID, polling: id, request: request, server: self)
        connections[sessionID] = connection
        return await wait(connection, id) { _ in }
    }

    private func wait(
        _ connection: SocketIOConnection, _ id: EngineRequestID,
        _ input: @escaping @Sendable (isolated SocketIOConnection) -> Void
    ) async -> HTTPResponse {
        let loop = loop
        let response = await withTaskCancellationHandler {
            await connection.respond(to: id, input)
        } onCancel: {
            loop.execute { connection.assumeIsolated { $0.abandon(id) } }
        }
        return HTTPResponse(response)
    }

    private func wanted(_ request: HTTPRequest, isWebSocket: Bool) throws(EngineRefusal) -> EngineRequest {
        let method: EngineRequest.Method =
            switch request.method {
            case .get: .get
            case .post: .post
            default: .other
            }
        return try EngineRequest(
            method: method, version: request.query["EIO"], transport: request.query["transport"],
            sessionID: request.query["sid"], isWebSocket: isWebSocket)
    }

    private func nextRequest() -> EngineRequestID {
        lastRequest += 1
        return EngineRequestID(rawValue: lastRequest)
    }

    private func newID() -> String { entropy.hex(16) }

    // MARK: - WebSocket

    /// What is sent instead of an upgrade; nil to go on.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        do throws(EngineRefusal) {
            let wanted = try wanted(request, isWebSocket: true)
            if let sessionID = wanted.sessionID {
                guard connections[sessionID] != nil else { throw .unknownSession }
                return nil
            }
        } catch {
            return HTTPResponse(error.response)
        }
        do throws(Failure) {
            _ = try Admission(request, hub.access)
        } catch {
            return error.response
        }
        guard connections.count < Self.maximumSessions else { return Failure.overloaded.response }
        return strangers.hasRoom(for: request.remote.ip) ? nil : Self.tooManyStrangers.response
    }

    private static let tooManyStrangers = Failure.rateLimited(retryAfterSeconds: 5)

    /// Gives an open WebSocket to the session it names, or to one of its own.
    func accept(_ socket: WebSocketConnection) -> WebSocketHandler {
        let connection: SocketIOConnection
        if let sessionID = socket.request.query["sid"] {
            guard let known = connections[sessionID] else { return refuse(socket, .policyViolation) }
            connection = known
            connection.assumeIsolated { $0.attach(socket) }
        } else {
            guard strangers.admit(socket.request.remote.ip) else { return refuse(socket, .tryAgainLater) }
            connection = SocketIOConnection(id: newID(), socket: socket, server: self)
            connections[connection.id] = connection
            connection.assumeIsolated { $0.flush() }
        }
        let id = socket.id
        return WebSocketHandler(
            onMessage: { message in connection.assumeIsolated { $0.receive(message, from: id) } },
            onClose: { _ in connection.assumeIsolated { $0.detach(id) } })
    }

    private func refuse(_ socket: WebSocketConnection, _ code: WebSocketCloseCode) -> WebSocketHandler {
        socket.close(code)
        return WebSocketHandler(onMessage: { _ in }, onClose: { _ in })
    }
}

extension HTTPResponse {
    /// An Engine.IO reply as the web server sends it.
    fileprivate init(_ response: EngineResponse) {
        self.init(
            HTTPStatus(code: response.status) ?? .badRequest, contentType: response.contentType, body: response.body)
    }
}
