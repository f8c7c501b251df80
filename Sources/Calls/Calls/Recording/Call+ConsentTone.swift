import Media
import Reactor

/// The tone that tells the parties of a call that it is being recorded.
extension Call {
    /// Lets those who are recorded hear the tone, and again and again while the recording goes on.
    func soundConsentTone() {
        guard let recording, !recording.isPaused, let interval = recording.toneInterval else { return }
        let legs = recording.legs.sorted { $0.rawValue < $1.rawValue }
        if !legs.isEmpty { services.media.soundConsentTone(on: recording.id, to: legs) }
        self.recording?.toneTimer = loop.schedule(after: interval) { [weak self] in
            self?.assumeIsolated { $0.soundConsentTone() }
        }
    }

    /// Lets legs be heard that were not; they hear the tone at once, and with the others from then on.
    func hearNewLegs() {
        let legs = hearLegs()
        guard !legs.isEmpty, let recording, recording.toneInterval != nil else { return }
        services.media.soundConsentTone(on: recording.id, to: legs)
    }

    /// Nothing is recorded now.
    func endConsentTone() {
        if let timer = recording?.toneTimer { loop.cancel(timer) }
        recording?.toneTimer = nil
    }
}
