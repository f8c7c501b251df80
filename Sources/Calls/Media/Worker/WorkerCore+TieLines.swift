import CLinux
import Wire

// Legs that another worker serves: here each has a stand-in, and what it says and hears passes through a tie line.
extension WorkerCore {
    mutating func openTieLine(_ id: MediaLegID, _ end: TieLineEnd) {
        let leg = open(id, .tieLine)
        let line = TieLinePointer.allocate(capacity: 1)
        line.initialize(to: TieLine(end))
        leg.pointee.tieLine = line
    }

    /// Takes what the leg that is stood in for speaks from now on.
    mutating func shape(_ leg: LegPointer, _ standIn: StandIn) {
        setDTMF(standIn.dtmf, leg)
        guard leg.pointee.formats != standIn.formats else { return }
        leg.pointee.speak(standIn.formats)
        adopt(leg)
    }

    /// Hands a packet to the worker at the other end, which is woken when this turn is over; answers whether it went.
    mutating func deliverToTieLine(_ packet: Packet, _ leg: LegPointer) -> Bool {
        guard let line = leg.pointee.tieLine, !line.pointee.isClosed else { return false }
        guard line.pointee.send(packet) else {
            counters.add(.sendFailures)
            return false
        }
        if !line.pointee.isUntold {
            line.pointee.isUntold = true
            untold.append(leg)
        }
        return true
    }

    /// Tells the other workers what this turn has sent them, and wakes each once.
    mutating func tellOtherWorkers() {
        while let leg = untold.popLast() {
            guard let line = leg.pointee.tieLine else { continue }
            line.pointee.tell()
            if !bells.contains(line.pointee.wakeUp) { bells.append(line.pointee.wakeUp) }
        }
        while let bell = bells.popLast() { tandem_eventfd_signal(bell) }
    }

    /// Takes what has come from other workers.
    mutating func receiveFromTieLines() {
        // Before the look: what comes after it wakes us again.
        tandem_eventfd_clear(descriptors.bell)
        for index in news.indices {
            while let leg = nextTold(news[index]) {
                guard let line = leg.pointee.tieLine else { continue }
                while line.pointee.hasNews { receive(from: line, leg) }
            }
        }
    }

    /// The next leg that has news and is still there.
    private func nextTold(_ news: RingEnd) -> LegPointer? {
        while !news.isEmpty {
            var id: UInt64 = 0
            withUnsafeMutableBytes(of: &id) { news.copyFront(to: $0) }
            news.removeFront(ofSize: MemoryLayout<UInt64>.size)
            if let leg = legs[MediaLegID(rawValue: id)] { return leg }
        }
        return nil
    }

    private mutating func receive(from line: TieLinePointer, _ leg: LegPointer) {
        let buffer = pool.take()
        guard let packet = line.pointee.receive(into: buffer), relay(packet, from: leg) else {
            pool.giveBack(buffer)
            return
        }
    }
}
