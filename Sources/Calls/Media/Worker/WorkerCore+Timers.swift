import CLinux
import RTP
import WebRTC
import Wire

// What time asks for.
extension WorkerCore {
    /// Milliseconds until something is due, for epoll; -1 when only the network can wake us.
    mutating func timeout() -> Int32 {
        let deadline = min(wheels.nextDeadline, nextBrowserTimer, connections.nextDeadline)
        guard deadline != .never else { return -1 }
        guard deadline > now else { return 0 }
        let milliseconds = (deadline.nanoseconds - now.nanoseconds + 999_999) / 1_000_000
        return Int32(clamping: min(milliseconds, 60_000))
    }

    mutating func runTimers() {
        while let slot = wheels.duePaceSlot(now) {
            // A leg may leave the slot while it is served.
            let due = wheels.pace[slot]
            for index in due.indices { pace(due[index]) }
        }
        while let slot = wheels.dueHouseSlot(now) {
            if slot == 0 {
                readCivilClock()
                counters.set(.cpuTime, tandem_thread_cpu_time())
            }
            for leg in wheels.house[slot] { lookAfter(leg) }
        }
        if nextBrowserTimer <= now { runBrowserTimers() }
        if !connections.strangers.isEmpty { closeImpatientStrangers() }
    }

    private mutating func runBrowserTimers() {
        while let id = browserTimers.popExpired(now) {
            guard let leg = legs[id] else { continue }
            leg.pointee.timerDeadline = .never
            leg.pointee.browser?.handleTimeout(now: now)
            drainBrowser(leg)
        }
        nextBrowserTimer = browserTimers.nextDeadline() ?? .never
    }

    /// Once a second for each leg.
    private mutating func lookAfter(_ leg: LegPointer) {
        // Who serves the leg itself looks after it.
        if leg.pointee.kind == .tieLine { return }
        reportIfDue(leg)
        tell(leg.pointee.digitReceiver.expire(now), leg)
        if leg.pointee.hearsTones { endToneOfSilentPeer(leg) }
        // A peer that only sends has put us on hold, and need not send anything.
        guard let formats = leg.pointee.formats, formats.receives, formats.sends, !leg.pointee.hasTold.over,
            leg.pointee.kind == .sip || leg.pointee.hasTold.connected
        else { return }
        let heard = leg.pointee.reception.firstAt == nil ? .zero : leg.pointee.reception.lastAt
        guard now - max(heard, leg.pointee.listeningSince) >= configuration.timeout else { return }
        // Told again after as long a silence, should the call go on.
        leg.pointee.listeningSince = now
        tell(.timedOut(leg.pointee.id))
    }
}
