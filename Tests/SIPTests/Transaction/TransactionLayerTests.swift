import Testing
import Wire

@testable import SIP

/// Matching, absorption, CANCEL, merged requests and limits of the layer.
struct TransactionLayerTests {
    private let now = Instant.zero
    private let source = Flow(transport: .udp, remote: SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5062))

    private func layer(_ limits: TransactionLimits = TransactionLimits()) -> TransactionLayer {
        TransactionLayer(limits: limits, entropy: Entropy(seed: 7))
    }

    private func request(
        _ method: SIPMethod, via: String = "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKone", callID: String = "c1",
        toTag: String? = nil, number: UInt32 = 1
    ) throws -> SIPRequest {
        let tag = toTag.map { ";tag=\($0)" } ?? ""
        let text = """
            \(method) sip:bob@example.com SIP/2.0\r
            Via: \(via)\r
            From: <sip:alice@example.com>;tag=a\r
            To: <sip:bob@example.com>\(tag)\r
            Call-ID: \(callID)\r
            CSeq: \(number) \(method)\r
            Max-Forwards: 70\r
            Content-Length: 0\r
            \r

            """
        guard case .request(let request) = try SIPParser.parse(Array(text.utf8)) else { throw NotARequest() }
        return request
    }

    private struct NotARequest: Error {}

    private func receive(_ layer: inout TransactionLayer, _ request: SIPRequest) -> [TransactionOutput] {
        layer.receive(.request(request), from: source, now: now)
        return layer.takeOutputs()
    }

    private func statuses(_ outputs: [TransactionOutput]) throws -> [Int] {
        try outputs.compactMap {
            guard case .transmit(let bytes, _) = $0, case .response(let response) = try SIPParser.parse(bytes)
            else { return nil }
            return response.status
        }
    }

    private func accept(_ layer: inout TransactionLayer, _ request: SIPRequest) throws -> ServerTransactionID {
        let outputs = receive(&layer, request)
        guard case .request(let received, let flow)? = outputs.first else { throw NotARequest() }
        let id = layer.accept(received, from: flow)
        return try #require(id)
    }

    @Test func `a Via that says where its request came from stays as it was written`() throws {
        var layer = layer()
        let via = "SIP/2.0/UDP  192.0.2.1:5062 ; branch=z9hG4bKone"
        let outputs = receive(&layer, try request(.options, via: via))
        guard case .request(let received, _)? = outputs.first else { throw NotARequest() }
        #expect(received.headers[.via] == via)
    }

    @Test func `a request is accepted once`() throws {
        var layer = layer()
        let options = try request(.options)
        _ = try accept(&layer, options)
        let again = layer.accept(options, from: source)
        #expect(again == nil)
    }

    @Test func `a repeated request is answered again and does not go up twice`() throws {
        var layer = layer()
        let options = try request(.options)
        let id = try accept(&layer, options)
        layer.sendResponse(SIPResponse(to: options, status: 200, toTag: "t"), to: id, now: now)
        let sent = layer.takeOutputs()
        #expect(try statuses(sent) == [200])
        let repeated = receive(&layer, options)
        #expect(try statuses(repeated) == [200])
        #expect(layer.counts.retransmissionsAbsorbed == 1)
        #expect(layer.counts.responsesRetransmitted == 1)
    }

    @Test func `an RFC 2543 request without a magic branch is matched by its identity`() throws {
        var layer = layer()
        let via = "SIP/2.0/UDP 192.0.2.1:5062"
        let invite = try request(.invite, via: via)
        let id = try accept(&layer, invite)
        layer.sendResponse(SIPResponse(to: invite, status: 486, toTag: "t"), to: id, now: now)
        let sent = layer.takeOutputs()
        #expect(try statuses(sent) == [486])
        let answer = receive(&layer, invite)
        #expect(try statuses(answer) == [486])
        let afterACK = receive(&layer, try request(.ack, via: via, toTag: "t"))
        #expect(afterACK.isEmpty)
        layer.advance(to: now + .seconds(5))
        #expect(layer.transactionCount == 0)
    }

    @Test func `an RFC 2543 request that is like another but for its To tag does not take its place`() throws {
        var layer = layer()
        let via = "SIP/2.0/UDP 192.0.2.1:5062"
        let id = try accept(&layer, try request(.invite, via: via))
        let other = try request(.invite, via: via, toTag: "t")
        guard case .request(let told, let flow)? = receive(&layer, other).first else {
            Issue.record("the other request did not go up")
            return
        }
        let taken = layer.accept(told, from: flow)
        #expect(taken == nil)
        let outputs = receive(&layer, try request(.cancel, via: via))
        let cancelled = outputs.contains { if case .cancelled(id, _) = $0 { true } else { false } }
        #expect(cancelled)
    }

    @Test func `an ACK of a failure stays inside and an ACK of nothing goes up`() throws {
        var layer = layer()
        let invite = try request(.invite)
        let id = try accept(&layer, invite)
        layer.sendResponse(SIPResponse(to: invite, status: 404, toTag: "t"), to: id, now: now)
        _ = layer.takeOutputs()
        let afterACK = receive(&layer, try request(.ack, toTag: "t"))
        #expect(afterACK.isEmpty)
        let other = try request(.ack, via: "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKother", toTag: "t")
        guard case .acknowledgement? = receive(&layer, other).first else {
            Issue.record("the ACK did not go up")
            return
        }
    }

    @Test func `a CANCEL is answered 200 and names the INVITE it ends`() throws {
        var layer = layer()
        let id = try accept(&layer, try request(.invite))
        let outputs = receive(&layer, try request(.cancel))
        #expect(try statuses(outputs) == [200])
        let cancelled = outputs.contains { if case .cancelled(id, _) = $0 { true } else { false } }
        #expect(cancelled)
    }

    @Test func `a CANCEL after the final response is answered 200 and ends nothing`() throws {
        var layer = layer()
        let invite = try request(.invite)
        let id = try accept(&layer, invite)
        layer.sendResponse(SIPResponse(to: invite, status: 200, toTag: "t"), to: id, now: now)
        _ = layer.takeOutputs()
        let outputs = receive(&layer, try request(.cancel))
        #expect(try statuses(outputs) == [200])
        #expect(!outputs.contains { if case .cancelled = $0 { true } else { false } })
    }

    @Test func `a CANCEL of nothing is answered 481`() throws {
        var layer = layer()
        let answer = receive(&layer, try request(.cancel))
        #expect(try statuses(answer) == [481])
        #expect(layer.transactionCount == 0)
    }

    @Test func `the same request by another way is answered 482`() throws {
        var layer = layer()
        _ = try accept(&layer, try request(.invite))
        let merged = try request(.invite, via: "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKtwo")
        let answer = receive(&layer, merged)
        #expect(try statuses(answer) == [482])
    }

    @Test func `past its limit the layer answers 503 without state`() throws {
        var layer = layer(TransactionLimits(clients: 1, servers: 1))
        _ = try accept(&layer, try request(.invite))
        let second = try request(.invite, via: "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKtwo", callID: "c2")
        guard case .request(let received, let flow)? = receive(&layer, second).first else {
            Issue.record("nothing came")
            return
        }
        let refused = layer.accept(received, from: flow)
        #expect(refused == nil)
        let sent = layer.takeOutputs()
        #expect(try statuses(sent) == [503])
        #expect(layer.transactionCount == 1)
    }

    @Test func `a request sent without state gets the same tag each time`() throws {
        var layer = layer()
        let options = try request(.options)
        var tags: Set<String> = []
        for _ in 0..<2 {
            _ = receive(&layer, options)
            layer.answerStatelessly(options, status: 401, over: source)
            for case .transmit(let bytes, _) in layer.takeOutputs() {
                tags.insert(try SIPParser.parse(bytes).headers.to?.tag ?? "")
            }
        }
        #expect(tags.count == 1)
    }

    @Test(arguments: [
        ("SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bKa", "192.0.2.1:5062"),
        ("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKa", "192.0.2.1:5062"),
        ("SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa", "192.0.2.1:5070"),
        ("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa", "192.0.2.1:5060"),
        ("SIP/2.0/UDP phone.example.com:5070;branch=z9hG4bKa", "192.0.2.1:5070"),
        ("SIP/2.0/UDP 192.0.2.1:5070;maddr=203.0.113.9;branch=z9hG4bKa", "192.0.2.1:5070"),
    ])
    func `a response goes back to where the Via and the source say`(via: String, target: String) throws {
        var layer = layer()
        let options = try request(.options, via: via)
        guard case .request(let received, let flow)? = receive(&layer, options).first else {
            Issue.record("nothing came")
            return
        }
        layer.answerStatelessly(received, status: 200, over: flow)
        guard case .transmit(_, let answerFlow)? = layer.takeOutputs().first else {
            Issue.record("no answer")
            return
        }
        #expect(answerFlow.remote.description == target)
        if via.contains("rport") { #expect(received.headers.topVia?.rport == 5062) }
    }

    @Test func `a response that matches no request of ours goes nowhere`() throws {
        var layer = layer()
        let response = SIPResponse(to: try request(.options), status: 200, toTag: "x")
        layer.receive(.response(response), from: source, now: now)
        let outputs = layer.takeOutputs()
        #expect(outputs.isEmpty)
        #expect(layer.counts.strayResponses == 1)
    }

    @Test func `how long answers take is counted by method and side, and once for each request`() throws {
        var layer = layer()
        let id = try accept(&layer, request(.invite))
        let received = try request(.invite)
        layer.sendResponse(SIPResponse(to: received, status: 180, toTag: "t"), to: id, now: now + .milliseconds(20))
        for delay in [3000, 3500] {
            layer.sendResponse(
                SIPResponse(to: received, status: 200, toTag: "t"), to: id, now: now + .milliseconds(delay))
        }
        let served = try #require(layer.counts.times[TimedRequest(.invite, .server)])
        #expect(served.sum == 3 && served.counts.reduce(0, +) == 1)
        #expect(layer.counts.responsesRetransmitted == 1)

        let asked = try request(.options, via: "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKours", callID: "c2")
        _ = layer.sendRequest(asked, over: source, now: now)
        layer.advance(to: now + .milliseconds(600))
        for delay in [700, 800] {
            layer.receive(
                .response(SIPResponse(to: asked, status: 200, toTag: "t")), from: source,
                now: now + .milliseconds(delay))
        }
        let answered = try #require(layer.counts.times[TimedRequest(.options, .client)])
        #expect(answered.sum == 0.7 && answered.counts.reduce(0, +) == 1)
        #expect(layer.counts.requestsRetransmitted == 1 && layer.counts.responsesRepeated == 1)
        #expect(layer.counts.times.count == 2)
    }

    @Test func `methods that nobody knows are counted together`() {
        #expect(TimedRequest(.other("DANCE"), .server) == TimedRequest(.other("SING"), .server))
    }
}
