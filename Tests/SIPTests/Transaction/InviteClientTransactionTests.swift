import Testing
import Wire

@testable import SIP

/// RFC 3261 figure 5 and RFC 6026 figure 1, arrow by arrow.
struct InviteClientTransactionTests {
    private let values = TimerValues()

    private func calling(reliable: Bool = false) -> InviteClientTransaction {
        InviteClientTransaction(values: values, isReliable: reliable, now: .zero)
    }

    @Test func `timer A doubles from T1 and timer B ends it after 64 T1`() {
        var machine = calling()
        var sent: [Int64] = []
        var steps = TransactionSteps()
        while machine.state != .terminated {
            let now = machine.timers.next
            steps = machine.advance(to: now)
            if steps.contains(.transmit) { sent.append((now - .zero).wholeMilliseconds) }
        }
        #expect(sent == [500, 1500, 3500, 7500, 15500, 31500])
        #expect(steps == [.timedOut, .terminated])
    }

    @Test func `over a reliable transport nothing is sent again and timer B still ends it`() {
        let machine = calling(reliable: true)
        #expect(machine.timers.retransmission == .never)
        #expect(machine.timers.end == .zero + .seconds(32))
    }

    @Test func `a provisional response stops the retransmissions and the wait`() {
        var machine = calling()
        #expect(machine.receive(status: 180, now: .zero + .seconds(1)) == .deliver)
        #expect(machine.state == .proceeding)
        #expect(machine.timers == .none)
        #expect(machine.receive(status: 183, now: .zero + .seconds(2)) == .deliver)
    }

    @Test(arguments: [false, true])
    func `a failure is acknowledged, again for each repetition, and absorbed for timer D`(afterProvisional: Bool) {
        var machine = calling()
        if afterProvisional { _ = machine.receive(status: 100, now: .zero) }
        let answered = Instant.zero + .seconds(1)
        #expect(machine.receive(status: 486, now: answered) == [.acknowledge, .deliver])
        #expect(machine.state == .completed)
        #expect(machine.receive(status: 486, now: answered) == .acknowledge)
        #expect(machine.receive(status: 180, now: answered) == [])
        #expect(machine.receive(status: 200, now: answered) == [])
        #expect(machine.timers.next == answered + .seconds(32))
        #expect(machine.advance(to: answered + .seconds(32)) == .terminated)
    }

    @Test func `over a reliable transport timer D is zero`() {
        var machine = calling(reliable: true)
        #expect(machine.receive(status: 603, now: .zero) == [.acknowledge, .deliver, .terminated])
        #expect(machine.state == .terminated)
    }

    @Test func `every 2xx goes up until timer M`() {
        var machine = calling()
        let answered = Instant.zero + .seconds(3)
        #expect(machine.receive(status: 200, now: answered) == .deliver)
        #expect(machine.state == .accepted)
        #expect(machine.receive(status: 200, now: answered + .seconds(1)) == .deliver)
        #expect(machine.receive(status: 486, now: answered + .seconds(1)) == [])
        #expect(machine.receive(status: 180, now: answered + .seconds(1)) == [])
        #expect(machine.advance(to: answered + .seconds(31)) == [])
        #expect(machine.advance(to: answered + .seconds(32)) == .terminated)
    }

    @Test func `a transport error is reported while unanswered and only ends it afterwards`() {
        var machine = calling()
        #expect(machine.transportFailed() == [.transportFailed, .terminated])
        var accepted = calling()
        _ = accepted.receive(status: 200, now: .zero)
        #expect(accepted.transportFailed() == .terminated)
    }
}
