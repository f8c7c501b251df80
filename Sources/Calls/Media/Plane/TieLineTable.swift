/// Which legs are joined across workers, and where each conference is mixed.
struct TieLineTable {
    /// Two stand-ins and what they speak: the format of one of the legs, so that at most the other's is transcoded.
    struct Line {
        let speaks: MediaLegID
        let ends: (End, End)
    }

    struct End {
        let id: MediaLegID
        let worker: Int
        /// Nil for a conference.
        let standsFor: MediaLegID?
    }

    private struct Home {
        let worker: Int
        var members = 0
    }

    /// By each leg that one of the ends stands for.
    private var lines: [MediaLegID: Line] = [:]
    private var legs: [MediaLegID: MediaLegID] = [:]
    private var homes: [ConferenceID: Home] = [:]
    private var conferences: [MediaLegID: ConferenceID] = [:]
    private var lastID = Self.firstID

    /// Call control counts its legs from the other end.
    private static let firstID: UInt64 = 1 << 63

    var isEmpty: Bool { lines.isEmpty && legs.isEmpty && homes.isEmpty && conferences.isEmpty }

    mutating func makeID() -> MediaLegID {
        lastID += 1
        return MediaLegID(rawValue: lastID)
    }

    func line(of id: MediaLegID) -> Line? { lines[id] }

    func areJoined(_ first: MediaLegID, _ second: MediaLegID) -> Bool {
        guard let line = lines[first], let other = lines[second] else { return false }
        return line.ends.0.id == other.ends.0.id
    }

    mutating func insert(_ line: Line) {
        for end in [line.ends.0, line.ends.1] {
            guard let leg = end.standsFor else { continue }
            lines[leg] = line
            legs[end.id] = leg
        }
    }

    mutating func remove(of id: MediaLegID) -> Line? {
        guard let line = lines[id] else { return nil }
        for end in [line.ends.0, line.ends.1] {
            legs[end.id] = nil
            if let leg = end.standsFor { lines[leg] = nil }
        }
        return line
    }

    // MARK: - Stand-ins

    static func isStandIn(_ id: MediaLegID) -> Bool { id.rawValue > firstID }

    /// The leg that a stand-in stands for.
    func leg(of standIn: MediaLegID) -> MediaLegID? { legs[standIn] }

    // MARK: - Conferences

    func conference(of id: MediaLegID) -> ConferenceID? { conferences[id] }

    /// Counts a leg in and answers which worker mixes: the first member's.
    mutating func enter(_ id: MediaLegID, _ conference: ConferenceID, worker: Int) -> Int {
        conferences[id] = conference
        homes[conference, default: Home(worker: worker)].members += 1
        return homes[conference]?.worker ?? worker
    }

    /// A conference without members has no home.
    mutating func leaveConference(_ id: MediaLegID) {
        guard let conference = conferences.removeValue(forKey: id), var home = homes[conference] else { return }
        home.members -= 1
        homes[conference] = home.members > 0 ? home : nil
    }
}

extension MediaEvent {
    /// As call control is to hear it: of the leg that is stood in for; nil for what only a stand-in went through.
    func ofLeg(_ table: TieLineTable) -> MediaEvent? {
        switch self {
        case .connected(let id), .failed(let id, _), .hungUp(let id), .disconnected(let id), .timedOut(let id),
            .digit(let id, _, _), .announced(let id, _, _), .closed(let id, _):
            TieLineTable.isStandIn(id) ? nil : self
        case .speaking(let id, let isSpeaking):
            TieLineTable.isStandIn(id) ? table.leg(of: id).map { .speaking($0, isSpeaking) } : self
        }
    }
}
