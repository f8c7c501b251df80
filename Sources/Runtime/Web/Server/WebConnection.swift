import Reactor
import Wire

/// One accepted connection: its stream, the machine that speaks on it, and what is under way.
///
/// Lives on the loop.
final class WebConnection {
    let id: UInt64
    let stream: any StreamConnection
    let isTLS: Bool
    var http: HTTPSession
    /// Set when the connection has become a WebSocket; `http` has then ended.
    var socket: WebSocketSession?
    var socketHandler: WebSocketHandler?
    /// What is sent when the turn ends.
    var posted: SharedMessage?
    /// The request being answered.
    var task: Task<Void, Never>?
    var timer: LoopTimer?
    /// When `timer` fires.
    var alarm = Instant.never

    init(id: UInt64, stream: any StreamConnection, isTLS: Bool, http: HTTPSession) {
        (self.id, self.stream, self.isTLS, self.http) = (id, stream, isTLS, http)
    }

    /// What was still to be sent when the last alarm went off.
    private var queuedAtAlarm = 0

    /// Whether some bytes are still to go, and others went (or came) since this was last asked.
    func isMakingProgress() -> Bool {
        let queued = stream.queuedBytes
        defer { queuedAtAlarm = queued }
        return queued > 0 && queued != queuedAtAlarm
    }

    /// What the server has counted of this connection's `heldBytes`.
    var countedBytes = 0

    /// Bytes in memory that came from the client and are not dealt with.
    var heldBytes: Int { http.heldBytes + (socket?.heldBytes ?? 0) }

    func receive(_ bytes: [UInt8], _ now: Instant) {
        if socket != nil { socket?.receive(bytes, now) } else { http.receive(bytes, now) }
    }

    /// Gives up what the client was sending, for want of memory.
    func overload(_ now: Instant) {
        if socket != nil { socket?.fail(.tryAgainLater, "overloaded") } else { http.overload(now) }
    }

    var nextDeadline: Instant { socket?.nextDeadline ?? http.nextDeadline }
}
