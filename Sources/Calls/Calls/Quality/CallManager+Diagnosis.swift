package import CallModel
import Media
import Reactor
import Wire

/// Why a call sounded as it did.
extension CallManager {
    /// The last figures of a call's legs come this soon after its end, or never.
    private static let patience = Duration.seconds(2)

    /// What is known of a live call, or of one that ended a moment ago; nil of any other, and of rooms.
    package func diagnosis(ofLiveCall key: CallKey) async -> CallDiagnosis? {
        if let diagnosis = diagnosis(ofConcluding: key) { return diagnosis }
        guard case .call(let call) = entry(key) else { return nil }
        return await withCheckedContinuation { continuation in
            call.assumeIsolated { call in
                call.lookAtFigures { continuation.resume(returning: $0.diagnosis) }
            }
        }
    }

    private func diagnosis(ofConcluding key: CallKey) -> CallDiagnosis? {
        concluding(key)?.assumeIsolated { $0.diagnosis }
    }

    /// A call that is over and still has something to write down.
    func concluding(_ key: CallKey) -> Call? {
        concluding.values.first { key == .uuid($0.uuid) || key == .id($0.number) }
    }

    /// Waits for the last figures of a call that is over, and lets it write down how it was.
    func awaitConclusion(of call: Call) {
        let legs = call.assumeIsolated { $0.unclosed.map { (media: $0.mediaID, leg: $0.id) } }
        concluding[call.uuid] = call
        for leg in legs { departing[leg.media] = (call, leg.leg) }
        guard !legs.isEmpty else { return conclude(call) }
        loop.schedule(after: Self.patience) { [weak self] in
            self?.assumeIsolated { manager in
                for leg in legs { manager.departing[leg.media] = nil }
                manager.conclude(call)
            }
        }
    }

    /// The last figures of a leg; answers whether its call was over already.
    func departed(_ id: MediaLegID, _ figures: LegStatistics) -> Bool {
        guard let (call, leg) = departing.removeValue(forKey: id) else { return false }
        call.assumeIsolated { $0.closed(leg, figures) }
        if call.assumeIsolated({ !$0.hasUnclosed }) { conclude(call) }
        return true
    }

    private func conclude(_ call: Call) {
        guard concluding.removeValue(forKey: call.uuid) != nil else { return }
        call.assumeIsolated { $0.conclude() }
    }
}
