import CallModel
import Directory
import Media
import Wire

/// Who is in a conference now.
///
/// Each member is a call of its own, between somebody and the conference.
struct Conference {
    let id: ConferenceID
    private(set) var members: [Member] = []
    var recording: ConferenceRecording?

    struct Member {
        let call: Call
        let joinedAt: WallTime
        /// The leg of the one who talks here.
        var leg: LegID
        var isSpeaking = false
        /// What a recording heard of them last.
        var heardLeg: MediaLegID?
    }

    init(id: ConferenceID) { self.id = id }

    /// Answers whether the call is here for the first time.
    mutating func enter(_ call: Call, _ leg: LegID, at time: WallTime) -> Bool {
        if let index = index(of: call) {
            members[index].leg = leg
            return false
        }
        members.append(Member(call: call, joinedAt: time, leg: leg))
        return true
    }

    mutating func leave(_ call: Call) -> Member? { index(of: call).map { members.remove(at: $0) } }

    /// Notes who speaks; answers the member, if that is news.
    mutating func note(_ call: Call, isSpeaking: Bool) -> Member? {
        guard let index = index(of: call), members[index].isSpeaking != isSpeaking else { return nil }
        members[index].isSpeaking = isSpeaking
        return members[index]
    }

    /// Notes which leg of a member is heard on the recording; answers whether that is news.
    mutating func note(_ call: Call, heardLeg: MediaLegID) -> Bool {
        guard let index = index(of: call), members[index].heardLeg != heardLeg else { return false }
        members[index].heardLeg = heardLeg
        return true
    }

    func member(_ call: Call) -> Member? { index(of: call).map { members[$0] } }

    private func index(of call: Call) -> Int? { members.firstIndex { $0.call.uuid == call.uuid } }
}
