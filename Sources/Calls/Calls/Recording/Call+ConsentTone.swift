import CallModel
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

    /// A page's media are up only after its leg has been joined, and what it was to hear before went by.
    func soundConsentTone(toConnected id: LegID) {
        guard let mediaID = links[id]?.mediaID else { return }
        guard !isInRecordedConference else {
            return manager.assumeIsolated { $0.soundConsentTone(inConferenceOf: self, to: mediaID) }
        }
        guard let recording, recording.toneInterval != nil, recording.legs.contains(mediaID) else { return }
        services.media.soundConsentTone(on: recording.id, to: [mediaID])
    }

    /// Nothing is recorded now.
    func endConsentTone() {
        if let timer = recording?.toneTimer { loop.cancel(timer) }
        recording?.toneTimer = nil
    }
}
