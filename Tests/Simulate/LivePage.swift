import CallKit
import CallModel
import Calls
import Reactor
import Wire

/// A browser page in the simulation: it answers what it is offered.
final class LivePage: Calls.CallParticipant, @unchecked Sendable {
    // Touched on the simulated loop only.

    let participantID: String
    let participantUserID: Int64?
    private unowned let wave: Wave
    private(set) var isDone = false

    init(_ id: String, userID: Int64?, in wave: Wave) {
        (participantID, participantUserID, self.wave) = (id, userID, wave)
    }

    func deliver(_ message: ParticipantMessage, call: UUID) {
        switch message {
        case .offer:
            wave.totals["offer to a page"] += 1
            wave.command { try $0.answer(.uuid(call), from: self, sdp: ScriptedPage.offer()) }
        case .left, .replaced: isDone = true
        case .answer, .candidate, .moved, .mediaLost, .digit, .failed: break
        }
    }

    /// Takes its place in the call again, with a media connection of its own; false when that is not to be had.
    func comeBack(to uuid: UUID) -> Bool {
        let back: Void? = wave.command { calls in
            _ = try calls.resume(.uuid(uuid), self, token: nil, keepsMedia: false)
            try calls.offer(.uuid(uuid), from: self, sdp: ScriptedPage.offer(certificate: "AA"))
        }
        if back != nil { isDone = false }
        return back != nil
    }

    /// Leaves its call, as a person does or as a connection that breaks.
    func leave(breaking: Bool) {
        guard !isDone else { return }
        isDone = true
        wave.exchange.calls.assumeIsolated { breaking ? $0.disconnected(self) : $0.leave(self) }
    }
}
