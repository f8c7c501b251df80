import Testing
import Wire

@testable import SIP

/// RFC 3261 figures 7 and 8 and RFC 6026 figure 2, arrow by arrow.
struct ServerTransactionTests {
    private let values = TimerValues()

    private func invite(reliable: Bool = false) -> InviteServerTransaction {
        InviteServerTransaction(values: values, isReliable: reliable)
    }

    private func other(reliable: Bool = false) -> NonInviteServerTransaction {
        NonInviteServerTransaction(values: values, isReliable: reliable)
    }

    @Test func `a repeated INVITE is answered by the last provisional response`() {
        var machine = invite()
        #expect(machine.receiveRetransmission(hasResponse: false) == [])
        #expect(machine.send(status: 180, now: .zero) == .transmit)
        #expect(machine.receiveRetransmission(hasResponse: true) == .transmit)
        #expect(machine.state == .proceeding)
    }

    @Test func `timer G repeats a failure up to T2 and timer H ends the wait for its ACK`() {
        var machine = invite()
        #expect(machine.send(status: 486, now: .zero) == .transmit)
        var sent: [Int64] = []
        var steps = TransactionSteps()
        while machine.state != .terminated {
            let now = machine.timers.next
            steps = machine.advance(to: now)
            if steps.contains(.transmit) { sent.append((now - .zero).wholeMilliseconds) }
        }
        #expect(sent == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
        #expect(steps == [.timedOut, .terminated])
    }

    @Test func `the ACK of a failure ends its repetition and more of them are absorbed for timer I`() {
        var machine = invite()
        _ = machine.send(status: 404, now: .zero)
        #expect(machine.receiveRetransmission(hasResponse: true) == .transmit)
        #expect(machine.receiveAcknowledgement(now: .zero) == [])
        #expect(machine.state == .confirmed)
        #expect(machine.timers == .ending(at: .zero + .seconds(5)))
        #expect(machine.receiveAcknowledgement(now: .zero) == [])
        #expect(machine.receiveRetransmission(hasResponse: true) == [])
        #expect(machine.advance(to: .zero + .seconds(5)) == .terminated)
    }

    @Test func `over a reliable transport there is no timer G and timer I is zero`() {
        var machine = invite(reliable: true)
        _ = machine.send(status: 404, now: .zero)
        #expect(machine.timers.retransmission == .never)
        #expect(machine.timers.end == .zero + .seconds(32))
        #expect(machine.receiveAcknowledgement(now: .zero) == .terminated)
    }

    @Test func `in Accepted the user repeats 2xx, ACKs go up and INVITEs are absorbed until timer L`() {
        var machine = invite()
        #expect(machine.send(status: 200, now: .zero) == .transmit)
        #expect(machine.state == .accepted)
        #expect(machine.receiveRetransmission(hasResponse: true) == [])
        #expect(machine.send(status: 200, now: .zero) == .transmit)
        #expect(machine.send(status: 486, now: .zero) == [])
        #expect(machine.receiveAcknowledgement(now: .zero) == .deliver)
        #expect(machine.transportFailed() == .transportFailed)
        #expect(machine.timers.retransmission == .never)
        #expect(machine.timers.end == .zero + .seconds(32))
        #expect(machine.advance(to: .zero + .seconds(32)) == .terminated)
    }

    @Test func `a request that is no INVITE is not answered before its user answers`() {
        var machine = other()
        #expect(machine.receiveRetransmission() == [])
        #expect(machine.send(status: 100, now: .zero) == .transmit)
        #expect(machine.state == .proceeding)
        #expect(machine.receiveRetransmission() == .transmit)
    }

    @Test func `its final response is repeated for each repetition until timer J`() {
        var machine = other()
        #expect(machine.send(status: 200, now: .zero) == .transmit)
        #expect(machine.receiveRetransmission() == .transmit)
        #expect(machine.send(status: 500, now: .zero) == [])
        #expect(machine.advance(to: .zero + .seconds(31)) == [])
        #expect(machine.advance(to: .zero + .seconds(32)) == .terminated)
    }

    @Test func `over a reliable transport timer J is zero`() {
        var machine = other(reliable: true)
        #expect(machine.send(status: 200, now: .zero) == [.transmit, .terminated])
    }

    @Test func `in Accepted a transport error is told, and the user decides (RFC 6026)`() {
        var machine = invite()
        _ = machine.send(status: 200, now: .zero)
        #expect(machine.transportFailed() == .transportFailed)
        #expect(machine.state == .accepted)
        #expect(machine.send(status: 486, now: .zero) == [])
        #expect(machine.send(status: 200, now: .zero) == .transmit)
        #expect(machine.advance(to: .zero + .seconds(32)) == .terminated)
    }

    @Test func `a transport error ends every other state`() {
        for status in [180, 486] {
            var machine = invite()
            _ = machine.send(status: status, now: .zero)
            #expect(machine.transportFailed() == [.transportFailed, .terminated])
        }
        var machine = other()
        #expect(machine.transportFailed() == [.transportFailed, .terminated])
    }

    @Test func `nothing is sent after the final response`() {
        var machine = invite()
        _ = machine.send(status: 486, now: .zero)
        for status in [180, 200, 500] { #expect(machine.send(status: status, now: .zero) == []) }
        var plain = other()
        _ = plain.send(status: 200, now: .zero)
        #expect(plain.send(status: 500, now: .zero) == [])
    }
}
