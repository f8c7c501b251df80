package import CallModel
package import Directory
package import Media
package import Reactor
package import SIPEndpoint
package import Telemetry
package import Web
package import Wire

/// Brings what a web server has, if that may be played (`PLAY_HOSTS`).
package typealias SoundFetch = @Sendable (HTTPURL) async throws(HTTPClientError) -> [UInt8]

/// What calls are made of: the loop they live on and the parts they command.
///
/// One object for all calls. It is filled in before the first of them and only read from then on, which makes it safe
/// to share.
package final class CallServices: @unchecked Sendable {
    package let loop: any EventLoop
    package let sip: SIPEndpoint
    package let media: any MediaPort
    package let store: any CallStore
    package let roster: RosterBox
    package let logger: Logger
    package var timing = CallTiming()
    package var queueTiming = QueueTiming()
    /// The day of a moment, by which queues count: a new number begins at midnight, in UTC unless said otherwise.
    package var day: @Sendable (WallTime) -> Int64 = { $0.seconds.floorDivided(by: 86_400) }
    package var traces = TracePolicy.failures
    package var recording = RecordingSettings()
    /// 0: as many as the ports carry.
    package var maximumCalls = 0
    package var tollRefusals: @Sendable (TollRefusal) -> Void = { _ in }
    /// Whether `echo`, `milliwatt`, `delay` and `music` can be dialled.
    package var offersBuiltInNumbers = true

    /// The exchange of a vendor that can be commanded; nil: there is none.
    package var vendor: (any VendorExchange)?

    package var conferenceRooms: [ConferenceRoom] = []
    /// Whether media between pages alone passes here, too.
    package var bridgesRooms = false

    /// The tones and the music of the house.
    package var sounds = SoundLibrary()
    /// What must reach others because of an event; asked from any thread.
    ///
    /// It is written in one step with the record that the event is about.
    package var publish: @Sendable (CallEvent) -> [CallRow] = { _ in [] }
    /// Nil: no call can be streamed.
    package var streams: StreamSettings?
    /// Files that can be played into calls; nil: none can.
    package var soundFiles: SoundFiles?
    /// The content of a URL that is to be played; nil: none can be.
    package var fetchSound: SoundFetch?
    /// Nil: no call is traced.
    package var tracer: Tracer?

    package init(
        loop: any EventLoop, sip: SIPEndpoint, media: any MediaPort, store: any CallStore, roster: RosterBox,
        logger: Logger
    ) {
        (self.loop, self.sip, self.media, self.store) = (loop, sip, media, store)
        (self.roster, self.logger) = (roster, logger)
    }
}

/// The directory as it is now, readable from everywhere; replaced as a whole when the store's content changes.
package final class RosterBox: Sendable {
    private struct State {
        var roster: Roster
        var follow: @Sendable () -> Void = {}
    }

    private let stored: Locked<State>

    package init(_ roster: Roster = Roster()) { stored = Locked(State(roster: roster)) }

    package var current: Roster { stored.withLock { $0.roster } }

    package func replace(_ roster: Roster) {
        let follow = stored.withLock { state in
            state.roster = roster
            return state.follow
        }
        follow()
    }

    /// Names whoever is told of each replacement, on the thread that made it.
    func whenReplaced(_ follow: @escaping @Sendable () -> Void) { stored.withLock { $0.follow = follow } }
}
