import CallModel
import CallViews
import Calls
import Crypto
import Directory
import Reactor
import Telemetry
import Web
import Wire

/// One signalling connection: reads its client's events, and speaks for it to the calls.
///
/// Everything it is told comes in a turn of its own on the loop.
package actor Session {
    nonisolated let loop: any EventLoop
    nonisolated package var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    /// The socket id: unique while the process lives.
    nonisolated package let participantID: String
    nonisolated let hub: SignallingHub
    nonisolated let channel: Channel
    /// Nobody needs to authenticate here.
    nonisolated let isOpen: Bool

    /// Invalid frames in a row that end the connection.
    static let maximumInvalidFrames = 10
    static let maximumFailedLogins = 10
    /// Commands at once, and how fast the right to more comes back.
    static let commandBurst = 200.0
    static let commandsPerSecond = 50.0
    /// Questions to the store that may be open.
    static let maximumLookups = 8
    /// Milliseconds after which the wall clock is asked again how long a token still lives, for it can be set.
    static let longestExpiryWait: Int64 = 3_600_000
    /// How long a token that has run out still serves whoever is in a call, and how often the call is looked at.
    static let expiryGrace: Duration = .seconds(3600)
    static let expiryRecheck: Duration = .seconds(5)

    private let handshakeToken: String?
    /// The event its client saw last, until it was given what came after.
    private var lastEventID: String?
    private(set) var style: EventStyle
    private(set) var user: SignallingUser?
    /// Fires when the token has run out by which the user signed in.
    private var expiry: LoopTimer?
    private var invalidFrames = 0
    private var failedLogins = 0
    private var budget = Session.commandBurst
    private var budgetAt: Instant
    var lookups = 0
    var joined: JoinedPlace?
    /// The forms in which the client writes descriptions and candidates, which are the forms it reads.
    var forms = MediaForms()
    var isEnded = false

    init(id: String, channel: Channel, style: EventStyle, _ opening: SessionOpening, hub: SignallingHub) {
        (participantID, self.channel, self.style) = (id, channel, style)
        (handshakeToken, lastEventID, isOpen) = (opening.token, opening.lastEventID, opening.isOpen)
        (self.hub, loop) = (hub, hub.loop)
        budgetAt = hub.loop.now
    }

    nonisolated var services: SignallingServices { hub.services }
    var isAdmitted: Bool { isOpen || user != nil }

    // MARK: - Life

    /// The connection is up: a token it brought is used now.
    func begin() {
        if let handshakeToken {
            logIn(userID: nil, token: handshakeToken, reply: .none)
        } else if isOpen {
            greet()
        }
    }

    /// The connection is gone.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        watchExpiry(of: nil)
        services.calls.assumeIsolated { $0.disconnected(self) }
        hub.assumeIsolated { $0.remove(participantID) }
    }

    /// What a client that has just been admitted missed, then what is live now.
    private func greet() {
        let lastEventID = lastEventID.take()
        hub.assumeIsolated { hub in
            if let lastEventID { hub.replay(since: lastEventID, to: participantID) }
            hub.greet(participantID)
        }
    }

    // MARK: - Receiving

    /// A message of the plain WebSocket, which must be JSON text.
    func receive(_ message: WebSocketMessage) {
        guard !isEnded else { return }
        do throws(Failure) {
            guard case .text(let text) = message else { throw .invalidJSON }
            let frame = try PlainFrame(parsing: text)
            invalidFrames = 0
            speak(frame.style)
            receive(frame.message)
        } catch {
            send(errorEvent(error, about: nil))
            invalidFrames += error == .invalidJSON ? 1 : 0
            if invalidFrames >= Self.maximumInvalidFrames { channel.close(.policyViolation, reason: "invalid JSON") }
        }
    }

    private func speak(_ style: EventStyle) {
        guard style != self.style else { return }
        self.style = style
        hub.assumeIsolated { $0.setStyle(style, of: participantID) }
    }

    func receive(_ message: ClientMessage) {
        guard !isEnded else { return }
        do throws(Failure) {
            let outcome = try perform(message)
            if services.isTest { services.logger.info("command", [LogField("event", message.name)]) }
            if case .done(let data) = outcome { succeed(message.reply, data) }
        } catch {
            fail(message, error)
        }
    }

    /// What is left to do after a command was carried out.
    enum Outcome {
        /// Acknowledge, with data if there is some.
        case done(JSONValue?)
        /// The command answers for itself, now or later.
        case answered

        static var done: Outcome { .done(nil) }
    }

    private func perform(_ message: ClientMessage) throws(Failure) -> Outcome {
        guard takeFromBudget() else { throw .tooManyCommands }
        switch message.name {
        case "ping":
            var pong = EventEncoder(SignallingEvent("pong"))
            channel.send(pong.encoded(style))
            return .answered
        case "authenticate":
            if let lastEventID = message.text("lastEventId") {
                self.lastEventID = lastEventID
                speak(style.numbered)
            }
            logIn(userID: message.userID("userId"), token: message.text("token"), reply: message.reply)
            return .answered
        default:
            guard isAdmitted else { throw .unauthorized }
            if let outcome = try performRoomCommand(message) { return outcome }
            if let outcome = try performMediaCommand(message) { return outcome }
            if let outcome = try performCallCommand(message) { return outcome }
            if let outcome = try performQueueCommand(message) { return outcome }
            throw .unknownEvent
        }
    }

    /// One command's worth, if there is one left.
    private func takeFromBudget() -> Bool {
        budget = min(Self.commandBurst, budget + (loop.now - budgetAt).inSeconds * Self.commandsPerSecond)
        budgetAt = loop.now
        guard budget >= 1 else { return false }
        budget -= 1
        return true
    }

    // MARK: - Sending

    func send(_ event: SignallingEvent) {
        var encoder = hub.assumeIsolated { $0.journal.encoder(for: event) }
        channel.send(encoder.encoded(style))
    }

    func succeed(_ reply: ClientMessage.Reply, _ data: JSONValue?) {
        var body: JSONObject = ["success": true]
        if let data { body.append("data", data) }
        channel.reply(reply, body)
    }

    /// Answers a failure where the client waits for it, else as an `error` event.
    func fail(_ message: ClientMessage, _ error: Failure) {
        guard message.reply == .none else {
            return channel.reply(message.reply, ["success": false, "error": error.payload])
        }
        send(errorEvent(error, about: message))
    }

    private func errorEvent(_ error: Failure, about message: ClientMessage?) -> SignallingEvent {
        var payload: JSONObject = ["message": .string(error.message), "code": .string(error.code)]
        payload.appendIfPresent("event", JSONValue(message?.name))
        payload.appendIfPresent("callId", message.flatMap { $0.payload["callId"] } ?? .null)
        payload.fill(from: error.retry)
        return SignallingEvent("error", payload)
    }

    // MARK: - Authentication

    private func logIn(userID: Int64?, token: String?, reply: ClientMessage.Reply) {
        do throws(Failure) {
            let (admitted, expires) = try identify(userID: userID, token: token)
            user = admitted
            watchExpiry(of: expires)
            services.logger.info(
                "signed in", [LogField("socket", participantID), LogField("userId", admitted.id)])
            let rooms = hub.assumeIsolated { $0.setUser(admitted, of: participantID) }
            let data: JSONValue = [
                "userId": .integer(admitted.id), "role": .string(admitted.role.rawValue),
                "socketId": .string(participantID), "rooms": JSONValue(rooms),
            ]
            send(SignallingEvent("authenticated", data))
            succeed(reply, data)
            channel.admitted()
            greet()
        } catch {
            refuseLogIn(error, reply)
        }
    }

    private func refuseLogIn(_ error: Failure, _ reply: ClientMessage.Reply) {
        tellAuthentication(error)
        channel.reply(reply, ["success": false, "error": error.payload])
        services.logger.warn("sign-in refused", [LogField("socket", participantID), LogField("code", error.code)])
        countFailure()
    }

    /// Whoever tries secret after secret is cut off.
    func countFailure() {
        failedLogins += 1
        if failedLogins >= Self.maximumFailedLogins { channel.close(.policyViolation, reason: "not authorized") }
    }

    private func tellAuthentication(_ error: Failure) {
        let payload: JSONValue = ["message": .string(error.message), "code": .string(error.code)]
        send(SignallingEvent("auth_error", payload))
        send(SignallingEvent("error", payload))
    }

    private func watchExpiry(of expires: WallTime?) {
        if let expiry { loop.cancel(expiry) }
        expiry = nil
        guard let expires else { return }
        let left = min(expires.milliseconds - loop.wallTime.milliseconds, Self.longestExpiryWait)
        checkExpiry(of: expires, after: .milliseconds(max(0, left)))
    }

    private func checkExpiry(of expires: WallTime, after delay: Duration) {
        expiry = loop.schedule(after: delay) { [weak self] in
            self?.assumeIsolated { $0.checkExpiry(of: expires) }
        }
    }

    /// Once the token has run out the client is nobody again, and stays connected to sign in with another.
    ///
    /// Somebody in a call first ends it: they could not even hang up otherwise.
    private func checkExpiry(of expires: WallTime) {
        guard expires <= loop.wallTime else { return watchExpiry(of: expires) }
        guard joined == nil || expires + Self.expiryGrace <= loop.wallTime else {
            return checkExpiry(of: expires, after: Self.expiryRecheck)
        }
        expiry = nil
        user = nil
        hub.assumeIsolated { $0.clearUser(of: participantID) }
        services.logger.info("token expired", [LogField("socket", participantID)])
        tellAuthentication(.tokenExpired)
    }

    /// Whom a token or (where no token is needed) a user's number stands for.
    private func identify(
        userID: Int64?, token: String?
    ) throws(Failure) -> (user: SignallingUser, expires: WallTime?) {
        let users = services.roster.current.users
        guard let token else {
            guard isOpen else { throw .unauthorized }
            guard let userID, let known = users[userID], known.status == .active else { throw .userNotFound }
            return (SignallingUser(id: userID, role: known.role), nil)
        }
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try services.access.verify(token)
        } catch {
            throw Failure(error)
        }
        let known = users[claims.userID]
        guard known?.status != .inactive else { throw .unauthorized }
        // A token may be older than what the directory says.
        let role = known?.role ?? claims.role.flatMap { User.Role($0) } ?? .operator
        let wanted = userID ?? claims.userID
        guard wanted == claims.userID || role == .admin else { throw .forbidden }
        return (SignallingUser(id: wanted, role: role), claims.expires)
    }
}
