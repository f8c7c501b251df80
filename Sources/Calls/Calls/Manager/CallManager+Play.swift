package import CallModel
import Media

/// Announcements that pages and the API ask for.
extension CallManager {
    /// Lets people of a live call hear a file or a tone; answers once it has begun.
    ///
    /// Throws `.soundNotFound` or `.soundUnusable` for a file, and `.invalidState` when nobody can hear it.
    package func play(_ key: CallKey, _ order: PlayOrder) async throws(CallError) -> CallRecord {
        _ = try call(key)
        let sound = try await sound(order.what)
        return try command(key) { call throws(CallError) in try call.play(sound, order) }
    }

    /// Ends what is being announced; repeating it changes nothing.
    package func stopPlaying(_ key: CallKey) throws(CallError) -> CallRecord {
        try command(key) { call throws(CallError) in call.stopPlaying() }
    }

    private func sound(_ what: PlayOrder.What) async throws(CallError) -> Sound {
        switch what {
        case .tone(let tone):
            guard let sound = services.sounds.sound(of: MediaSource(tone)) else { throw .soundNotFound }
            return sound
        case .file(let name):
            guard let files = services.soundFiles else { throw .soundNotFound }
            do throws(SoundFileError) {
                return try await files.sound(named: name)
            } catch {
                throw error == .notFound ? CallError.soundNotFound : CallError.soundUnusable
            }
        }
    }
}
