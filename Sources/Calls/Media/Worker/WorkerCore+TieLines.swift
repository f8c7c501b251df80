import CLinux
import Wire

// Legs that another worker serves: here each has a stand-in, and what it says and hears passes through a tie line.
extension WorkerCore {
    mutating func openTieLine(_ id: MediaLegID, _ end: TieLineEnd) {
        let leg = open(id, .tieLine)
        let line = TieLinePointer.allocate(capacity: 1)
        line.initialize(to: TieLine(end))
        leg.pointee.tieLine = line
        tieLines.append(leg)
    }

    /// Takes what the leg that is stood in for speaks from now on.
    mutating func shape(_ leg: LegPointer, _ standIn: StandIn) {
        leg.pointee.speak(standIn.formats)
        leg.pointee.dtmf = standIn.dtmf
        adopt(leg)
    }

    /// Hands a packet to the worker at the other end, which is woken when this turn is over; answers whether it went.
    mutating func deliverToTieLine(_ packet: Packet, _ leg: LegPointer) -> Bool {
        guard let line = leg.pointee.tieLine, !line.pointee.isClosed else { return false }
        guard line.pointee.send(packet) else {
            counters.add(.sendFailures)
            return false
        }
        if !bells.contains(line.pointee.farBell) { bells.append(line.pointee.farBell) }
        return true
    }

    mutating func ringBells() {
        while let bell = bells.popLast() { tandem_eventfd_signal(bell) }
    }

    /// Takes what has come from all other workers.
    mutating func receiveFromTieLines() {
        tandem_eventfd_clear(descriptors.bell)
        for index in tieLines.indices {
            guard let line = tieLines[index].pointee.tieLine else { continue }
            while line.pointee.hasNews { receive(from: line, tieLines[index]) }
        }
    }

    private mutating func receive(from line: TieLinePointer, _ leg: LegPointer) {
        let buffer = pool.take()
        guard let packet = line.pointee.receive(into: buffer), relay(packet, from: leg) else {
            pool.giveBack(buffer)
            return
        }
    }
}
