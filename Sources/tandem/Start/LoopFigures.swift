import Calls
import Media
import Reactor
import SIPEndpoint
import Signalling
import Web

/// What only the control loop may look at, taken there in one go for one exposition.
struct LoopFigures: Sendable {
    let sip: SIPStatistics
    let ports: PortPairs
    /// Actors of calls, and what is left of calls that are over.
    let calls: (live: Int, counted: Int, concluding: Int)
    let isDraining: Bool
    let sessions: (plain: Int, socketIO: Int)
    /// Connections to the web server, and those of them that are WebSockets.
    let web: (connections: Int, sockets: Int)
    let queues: (ready: Int, posted: Int)
    let timers: Int
    let handles: Int

    /// On the loop.
    init(_ parts: MeasuredParts) {
        sip = parts.sip.assumeIsolated { $0.statistics() }
        ports = parts.media.portPairs
        calls = parts.calls.assumeIsolated {
            (live: $0.liveCount, counted: $0.countedCalls, concluding: $0.concludingCount)
        }
        isDraining = parts.calls.assumeIsolated { $0.isDraining }
        sessions = parts.signalling.hub.assumeIsolated { $0.sessionCounts }
        web = parts.web.assumeIsolated { (connections: $0.connectionCount, sockets: $0.socketCount) }
        (queues, timers, handles) = (parts.loop.queueLengths, parts.loop.pendingTimers, parts.loop.openHandles)
    }
}

/// The parts that are looked at when somebody scrapes.
struct MeasuredParts: Sendable {
    let loop: ControlLoop
    let media: MediaPlane
    let sip: SIPEndpoint
    let calls: CallManager
    let signalling: Signalling
    let web: WebServer
}
