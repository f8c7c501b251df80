// Modules: Wire Crypto SocketIO
import SocketIO
import Wire

/// A client's deeds, parted by 0xFF: polls, posts, frames on two WebSockets, and time that passes.
///
/// Whatever they are, each request is answered once, nothing is heard after the end, and at the end nobody waits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSocketIO(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    var client = Client(polling: input.first.map { $0 & 1 == 0 } ?? true)
    for deed in input.dropFirst().split(separator: 0xFF).prefix(200) {
        client.perform(deed.first ?? 0, Array(deed.dropFirst()))
    }
    client.finish()
    return 0
}

private struct Client {
    private var session: SocketIOSession
    private var now = Instant.zero
    private var open: Set<EngineRequestID> = []
    private var requests: UInt64 = 0
    private var isClosed = false

    init(polling: Bool) {
        let configuration = EngineConfiguration()
        if polling {
            let first = EngineRequestID(rawValue: 0)
            session = SocketIOSession(id: "e", polling: first, configuration: configuration, now: .zero)
            open = [first]
        } else {
            let socket = EngineSocketID(rawValue: 1)
            session = SocketIOSession(id: "e", socket: socket, configuration: configuration, now: .zero)
        }
        drain()
    }

    mutating func perform(_ kind: UInt8, _ bytes: [UInt8]) {
        let socket = EngineSocketID(rawValue: kind & 0x80 == 0 ? 1 : 2)
        switch kind & 7 {
        case 0: session.poll(request())
        case 1: session.post(request(), body: bytes, now: now)
        case 2: session.receive(.text(bytes), from: socket, now: now)
        case 3: session.receive(.binary(bytes), from: socket, now: now)
        case 4: session.attach(socket, now: now)
        case 5: session.detach(socket)
        case 6:
            now = now + .seconds(Int(bytes.first ?? 1))
            session.timeout(now: now)
        default:
            if let waiting = open.first {
                open.remove(waiting)
                session.abandon(waiting)
            }
        }
        drain()
    }

    mutating func finish() {
        session.disconnect()
        drain()
        precondition(isClosed && open.isEmpty, "somebody still waits")
        precondition(session.nextDeadline == .never, "a closed session has a deadline")
    }

    private mutating func request() -> EngineRequestID {
        requests += 1
        let id = EngineRequestID(rawValue: requests)
        open.insert(id)
        return id
    }

    private mutating func drain() {
        while case let outputs = session.drain(), !outputs.isEmpty {
            for output in outputs { hear(output) }
        }
    }

    private mutating func hear(_ output: SocketIOOutput) {
        switch output {
        case .respond(let id, _): precondition(open.remove(id) != nil, "a request was answered twice")
        case .connect:
            precondition(!isClosed, "heard after the end")
            session.accept(socketID: "s")
        case .event(_, let id, _):
            precondition(!isClosed, "heard after the end")
            if let id { session.send(.acknowledgement(id, Array("[]".utf8))) }
        case .closed:
            precondition(!isClosed, "closed twice")
            isClosed = true
        case .acknowledged, .disconnected: precondition(!isClosed, "heard after the end")
        case .send, .close: break
        }
    }
}
