package import CallModel
import Media
import Telemetry
import Web

/// Announcements that pages and the API ask for.
extension CallManager {
    /// Lets people of a live call hear a file, what a URL holds, or a tone; answers once it has begun.
    ///
    /// Throws `.soundNotFound` or `.soundUnusable` for a file, `.soundNotFetched` or `.fetchedSoundUnusable` for a URL, and
    /// `.invalidState` when nobody can hear it, or when it was stopped or followed by another before it came.
    package func play(_ key: CallKey, _ order: PlayOrder) async throws(CallError) -> CallRecord {
        let turns = try awaitSound(key, for: order.audience)
        let sound = try await sound(order.what)
        return try command(key) { call throws(CallError) in try call.play(sound, order, awaitedSince: turns) }
    }

    private func awaitSound(_ key: CallKey, for audience: PlayOrder.Audience) throws(CallError) -> PlayTurns {
        try call(key).assumeIsolated { $0.awaitSound(for: audience) }
    }

    /// Ends what is being announced or still fetched for that; repeating it changes nothing.
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
        case .url(let url): return try await fetched(url)
        }
    }

    /// Sounds of URLs that may be fetched or decoded at once; each takes some tens of megabytes meanwhile.
    package static let mostFetches = 4

    /// Throws `.soundNotFetched(.overloaded)` when so many are under way, or so much is heard, as may be.
    private func fetched(_ url: HTTPURL) async throws(CallError) -> Sound {
        guard let files = services.soundFiles, let fetch = services.fetchSound else {
            throw .soundNotFetched(.hostRefused)
        }
        guard fetchesUnderWay < Self.mostFetches else { throw .soundNotFetched(.overloaded) }
        fetchesUnderWay += 1
        defer { fetchesUnderWay -= 1 }
        let bytes: [UInt8]
        do throws(HTTPClientError) {
            bytes = try await fetch(url)
        } catch {
            services.logger.warn("sound not fetched", [LogField("from", url.origin), LogField("error", "\(error)")])
            throw .soundNotFetched(error)
        }
        do throws(SoundFileError) {
            return try await files.sound(in: bytes)
        } catch {
            throw error == .noRoom ? .soundNotFetched(.overloaded) : .fetchedSoundUnusable(error)
        }
    }
}
