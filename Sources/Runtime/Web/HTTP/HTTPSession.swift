import Wire

/// The server's side of one HTTP/1.1 connection: bytes in, one request at a time out, answers in their order.
///
/// While a request is being answered, further ones wait in the buffer. After a request that cannot be read the answer
/// is sent and the connection ends.
struct HTTPSession {
    enum Output {
        case send([UInt8])
        case request(RequestHead, body: [UInt8])
        /// Send what is queued, then end the connection.
        case close
    }

    private enum State {
        case reading
        case answering(RequestHead, bodyBytes: Int)
        /// Refused; what still comes is dropped until the client has had time to read why.
        case lingering(dropped: Int)
        case ended
    }

    private let limits: WebLimits
    private var decoder: RequestDecoder
    private var state = State.reading
    private var stage = RequestDecoder.Stage.betweenRequests
    private var isFirstRequest = true
    private var isDraining = false
    /// When the present stage or the lingering began, and when bytes last came.
    private var stageStart: Instant
    private var lastBytes: Instant
    private var outputs = FIFO<Output>()

    init(limits: WebLimits, now: Instant) {
        self.limits = limits
        decoder = RequestDecoder(limits: limits)
        stageStart = now
        lastBytes = now
    }

    /// What to do next, in order; nil when there is nothing.
    mutating func nextOutput() -> Output? { outputs.popFirst() }

    /// When `timeout` wants to be called.
    var nextDeadline: Instant {
        switch state {
        case .reading:
            switch stage {
            case .betweenRequests: stageStart + (isFirstRequest ? limits.headTimeout : limits.idleTimeout)
            case .head: stageStart + limits.headTimeout
            case .body: min(lastBytes + limits.bodyPause, stageStart + limits.bodyTimeout)
            }
        case .lingering: stageStart + limits.lingerTimeout
        case .answering, .ended: .never
        }
    }

    /// Bytes in memory of this client's requests, that which is being answered included.
    var heldBytes: Int {
        guard case .answering(_, let bodyBytes) = state else { return decoder.heldBytes }
        return decoder.heldBytes + bodyBytes
    }

    mutating func receive(_ bytes: [UInt8], _ now: Instant) {
        lastBytes = now
        switch state {
        case .reading:
            decoder.append(bytes)
            advance(now)
        case .answering:
            decoder.append(bytes)
            if decoder.bufferedBytes > limits.pipelinedBytes { end() }
        case .lingering(let dropped):
            state = .lingering(dropped: dropped + bytes.count)
            if dropped + bytes.count > limits.bodyBytes * 2 { end() }
        case .ended: break
        }
    }

    /// Sends the answer to the request that is out, then goes on with the next.
    mutating func respond(_ response: HTTPResponse, date: String, _ now: Instant) {
        guard case .answering(let head, _) = state else { return }
        let keeps =
            head.keepsAlive && !isDraining && !response.fields.list("Connection", contains: "close")
        outputs.append(.send(ResponseWriter.bytes(of: response, to: head, keepsAlive: keeps, date: date)))
        guard keeps else { return end() }
        state = .reading
        stage = .betweenRequests
        stageStart = now
        lastBytes = now
        isFirstRequest = false
        advance(now)
    }

    /// Sends the answer that changes protocols and gives up what came after the request.
    mutating func upgrade(_ response: HTTPResponse, date: String) -> [UInt8] {
        guard case .answering(let head, _) = state else { return [] }
        outputs.append(.send(ResponseWriter.bytes(of: response, to: head, keepsAlive: true, date: date)))
        state = .ended
        return decoder.takeRest()
    }

    /// Lets the request that is out be answered, then ends; ends now when there is none.
    mutating func drain() {
        isDraining = true
        if case .reading = state, stage == .betweenRequests { end() }
    }

    /// There is no memory for what comes: says so if nothing is being answered, and ends.
    mutating func overload(_ now: Instant) {
        switch state {
        case .reading: refuse(.overloaded, now)
        case .answering: end()
        case .lingering, .ended: break
        }
    }

    mutating func timeout(_ now: Instant) {
        guard now >= nextDeadline else { return }
        switch state {
        case .reading where stage != .betweenRequests: refuse(RequestError.timeout.failure, now)
        default: end()
        }
    }

    private mutating func advance(_ now: Instant) {
        do throws(RequestError) {
            while let event = try decoder.next() {
                switch event {
                case .continueExpected: outputs.append(.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)))
                case .request(let head, let body):
                    state = .answering(head, bodyBytes: body.count)
                    outputs.append(.request(head, body: body))
                    return
                }
            }
            guard decoder.stage != stage else { return }
            stage = decoder.stage
            stageStart = now
        } catch {
            refuse(error.failure, now)
        }
    }

    private mutating func refuse(_ failure: Failure, _ now: Instant) {
        let response = failure.response.with("X-Content-Type-Options", "nosniff")
        outputs.append(.send(ResponseWriter.bytes(of: response, to: nil, keepsAlive: false, date: nil)))
        state = .lingering(dropped: 0)
        stageStart = now
        decoder = RequestDecoder(limits: limits)
    }

    private mutating func end() {
        state = .ended
        decoder = RequestDecoder(limits: limits)
        outputs.append(.close)
    }
}
