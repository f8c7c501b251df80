import Wire

// Legs stay on the worker they were opened on: those of two workers hear each other through a tie line.
extension MediaPlane {
    /// Joins two legs of different workers; false when they are of one, and a bridge does it.
    func tie(_ first: MediaLegID, _ second: MediaLegID) -> Bool {
        if tieLines.areJoined(first, second) { return true }
        untie(first)
        untie(second)
        guard let one = legs[first]?.worker, let other = legs[second]?.worker, one !== other else { return false }
        let line = open(between: one, standingFor: second, and: other, standingFor: first, speaking: second)
        tieLines.insert(line)
        post(.bridge(first, line.ends.0.id), to: one)
        post(.bridge(second, line.ends.1.id), to: other)
        return true
    }

    /// Brings a leg into a conference that another worker mixes; false when its own does.
    func tie(_ id: MediaLegID, to conference: ConferenceID) -> Bool {
        guard let worker = legs[id]?.worker, workers.count > 1 else { return false }
        if tieLines.conference(of: id) == conference { return true }
        untie(id)
        let home = workers[tieLines.enter(id, conference, worker: worker.index)]
        guard home !== worker else { return false }
        let line = open(between: worker, standingFor: nil, and: home, standingFor: id, speaking: id)
        tieLines.insert(line)
        post(.bridge(id, line.ends.0.id), to: worker)
        post(.confer(line.ends.1.id, conference), to: home)
        return true
    }

    /// Ends a leg's part in whatever crosses workers.
    func untie(_ id: MediaLegID) {
        guard workers.count > 1 else { return }
        tieLines.leaveConference(id)
        guard let line = tieLines.remove(of: id) else { return }
        for end in [line.ends.0, line.ends.1] { post(.close(end.id), to: workers[end.worker]) }
    }

    /// Notes a change of a leg, and tells those who stand in for it.
    func shapeStandIns(of id: MediaLegID, _ change: (inout Leg) -> Void) {
        guard workers.count > 1, var leg = legs[id] else { return }
        change(&leg)
        legs[id] = leg
        if let line = tieLines.line(of: id) { shape(line) }
    }

    private func open(
        between one: MediaWorker, standingFor second: MediaLegID?, and other: MediaWorker,
        standingFor first: MediaLegID, speaking: MediaLegID
    ) -> TieLineTable.Line {
        let ids = (tieLines.makeID(), tieLines.makeID())
        let ends = TieLineEnd.pair((ids.0, one.bell(of: other)), (ids.1, other.bell(of: one)))
        let line = TieLineTable.Line(
            speaks: speaking,
            ends: (
                .init(id: ids.0, worker: one.index, standsFor: second),
                .init(id: ids.1, worker: other.index, standsFor: first)
            ))
        post(.openTieLine(line.ends.0.id, ends.first), to: one)
        post(.openTieLine(line.ends.1.id, ends.second), to: other)
        shape(line)
        return line
    }

    /// Tells both ends what is spoken between them, once that is known.
    private func shape(_ line: TieLineTable.Line) {
        guard let spoken = legs[line.speaks]?.formats else { return }
        for end in [line.ends.0, line.ends.1] {
            let leg = end.standsFor.flatMap { legs[$0] }
            if end.standsFor != nil, leg?.formats == nil { continue }
            let formats = spoken.onTieLine(for: leg?.formats)
            post(
                .shape(end.id, StandIn(formats: formats, dtmf: leg?.dtmf ?? .telephoneEvents)), to: workers[end.worker])
        }
    }
}
