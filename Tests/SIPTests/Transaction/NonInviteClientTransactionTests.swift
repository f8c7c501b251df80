import Testing
import Wire

@testable import SIP

/// RFC 3261 figure 6, arrow by arrow.
struct NonInviteClientTransactionTests {
    private let values = TimerValues()

    private func trying(reliable: Bool = false) -> NonInviteClientTransaction {
        NonInviteClientTransaction(values: values, isReliable: reliable, now: .zero)
    }

    @Test func `timer E doubles up to T2 and timer F ends it after 64 T1`() {
        var machine = trying()
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

    @Test func `in Proceeding timer E is T2 and timer F still runs`() {
        var machine = trying()
        #expect(machine.receive(status: 100, now: .zero) == .deliver)
        #expect(machine.state == .proceeding)
        #expect(machine.advance(to: .zero + .milliseconds(500)) == .transmit)
        #expect(machine.timers.next == .zero + .milliseconds(4500))
        #expect(machine.advance(to: .zero + .seconds(32)) == [.timedOut, .terminated])
    }

    @Test func `a final response goes up once and its repetitions are absorbed for timer K`() {
        var machine = trying()
        #expect(machine.receive(status: 404, now: .zero) == .deliver)
        #expect(machine.state == .completed)
        #expect(machine.receive(status: 404, now: .zero) == [])
        #expect(machine.timers == .ending(at: .zero + .seconds(5)))
        #expect(machine.advance(to: .zero + .seconds(5)) == .terminated)
    }

    @Test func `over a reliable transport nothing is repeated and timer K is zero`() {
        var machine = trying(reliable: true)
        #expect(machine.timers.retransmission == .never)
        #expect(machine.timers.end == .zero + .seconds(32))
        #expect(machine.receive(status: 200, now: .zero) == [.deliver, .terminated])
    }

    @Test func `a transport error is reported`() {
        var machine = trying()
        #expect(machine.transportFailed() == [.transportFailed, .terminated])
        #expect(machine.receive(status: 200, now: .zero) == [])
    }
}
