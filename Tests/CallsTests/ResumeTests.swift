import CallKit
import CallModel
import Calls
import Media
import Reactor
import SDP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Pages that reload, crash or change network while they talk to a phone, in virtual time.
struct ResumeTests {
    /// User 1's page talks to phone 1002.
    private struct Talk {
        let exchange: Exchange
        let phone: ScriptedPhone
        let page = ScriptedPage("page", userID: 1)
        let key: CallKey
        let token: String

        init(seed: UInt64, resuming: Duration = .seconds(20), callee: String = "1002") throws {
            var timing = CallTiming()
            timing.resuming = resuming
            exchange = try Exchange(seed: seed, users: 2, timing: timing)
            phone = try exchange.addPhone("1002")
            #expect(exchange.register())
            let (calls, page) = (exchange.calls, page)
            let record = try exchange.call(callee, from: page)
            key = record.key
            let key = key
            exchange.loop.advance(by: .seconds(3))
            token = try calls.assumeIsolated { try $0.join(key, page).resumption?.token ?? "" }
        }

        func wait(_ seconds: Int = 1) { exchange.loop.advance(by: .seconds(seconds)) }

        func disconnect(_ page: ScriptedPage) {
            exchange.calls.assumeIsolated { $0.disconnected(page) }
            wait()
        }

        @discardableResult
        func resume(_ page: ScriptedPage, token: String?, keepsMedia: Bool = false) throws -> ResumedCall {
            let key = key
            let resumed = try exchange.calls.assumeIsolated {
                try $0.resume(key, page, token: token, keepsMedia: keepsMedia)
            }
            wait()
            return resumed
        }

        func offer(_ page: ScriptedPage, certificate: String) throws {
            let key = key
            try exchange.calls.assumeIsolated {
                try $0.offer(key, from: page, sdp: ScriptedPage.offer(certificate: certificate))
            }
            wait(2)
        }

        var media: StandInMedia { exchange.media }
        var hearsMusic: Bool { media.sources.values.contains(.music) && media.partners.isEmpty }
        var isTalking: Bool { media.partners.count == 2 && media.sources.isEmpty && isPhoneTalking }
        var isPhoneTalking: Bool { phone.assumeIsolated { $0.fates.values.contains(.talking) } }
        var record: CallRecord? { exchange.store.records.first }
    }

    @Test func `a reloaded page goes on with its call, and the record knows nothing of it`() throws {
        let talk = try Talk(seed: 61)
        #expect(talk.isTalking && talk.token.utf8.count == 64)
        let before = try #require(talk.record)
        let former = talk.media.open
        talk.disconnect(talk.page)
        #expect(talk.hearsMusic && talk.isPhoneTalking)
        let again = ScriptedPage("again", userID: nil)
        let resumed = try talk.resume(again, token: talk.token)
        #expect(!resumed.keepsMedia && resumed.resumption.token == talk.token)
        #expect(talk.hearsMusic)
        try talk.offer(again, certificate: "AA")
        #expect(talk.isTalking)
        #expect(again.answers.count == 1)
        #expect(talk.media.open.count == 2 && talk.media.open != former, "the page has a fresh media leg")
        let after = try #require(talk.record)
        #expect((after.uuid, after.state, after.answeredAt) == (before.uuid, .answered, before.answeredAt))
        #expect(talk.exchange.store.records.count == 1)
        talk.exchange.calls.assumeIsolated { $0.leave(again) }
        talk.wait()
        #expect((talk.record?.state, talk.record?.endReason) == (.completed, .callerHangup))
        talk.wait(60)
        #expect(talk.exchange.liveCount == 0 && talk.media.open.isEmpty && talk.exchange.statistics.legs == 0)
    }

    @Test func `a page that never comes back ends the call when its time is up`() throws {
        let talk = try Talk(seed: 62)
        talk.disconnect(talk.page)
        talk.wait(18)
        #expect(talk.exchange.liveCount == 1)
        talk.wait(2)
        #expect((talk.record?.state, talk.record?.endReason) == (.completed, .signallingFailed))
        talk.wait(60)
        #expect(talk.exchange.liveCount == 0 && talk.media.open.isEmpty && !talk.isPhoneTalking)
        #expect(throws: CallError.callNotFound) { try talk.resume(talk.page, token: talk.token) }
    }

    @Test func `where no place is kept there is no token, and the call ends with the socket`() throws {
        let talk = try Talk(seed: 63, resuming: .zero)
        #expect(talk.token.isEmpty)
        talk.disconnect(talk.page)
        #expect((talk.record?.state, talk.record?.endReason) == (.completed, .signallingFailed))
    }

    @Test func `a phone that hangs up meanwhile ends the call`() throws {
        let talk = try Talk(seed: 64)
        talk.disconnect(talk.page)
        let phone = talk.phone
        for leg in phone.assumeIsolated({ Array($0.fates.keys) }) { phone.assumeIsolated { $0.hangUp(leg) } }
        talk.wait(2)
        #expect((talk.record?.state, talk.record?.endReason) == (.completed, .calleeHangup))
    }

    @Test func `a page whose socket broke keeps its media`() throws {
        let talk = try Talk(seed: 65)
        let open = talk.media.open
        talk.disconnect(talk.page)
        #expect(talk.hearsMusic)
        let again = ScriptedPage("again", userID: 1)
        #expect(try talk.resume(again, token: talk.token, keepsMedia: true).keepsMedia)
        talk.wait()
        #expect(talk.isTalking && talk.media.open == open)
        #expect(again.answers.isEmpty)
    }

    @Test func `a user needs no token for a place of their own, and nobody else gets it`() throws {
        let talk = try Talk(seed: 66)
        talk.disconnect(talk.page)
        for (userID, token) in [(2, nil), (nil, nil), (1, "0123"), (2, "")] as [(Int64?, String?)] {
            #expect(throws: CallError.forbidden) {
                try talk.resume(ScriptedPage("stranger", userID: userID), token: token)
            }
        }
        try talk.resume(ScriptedPage("own", userID: 1), token: nil)
    }

    @Test func `the token of another call opens nothing`() throws {
        let talk = try Talk(seed: 67)
        let other = ScriptedPage("other", userID: 2)
        let record = try talk.exchange.call("9196", from: other)
        let token = try talk.exchange.calls.assumeIsolated { try $0.join(record.key, other).resumption?.token }
        talk.disconnect(talk.page)
        #expect(token != talk.token)
        #expect(throws: CallError.forbidden) { try talk.resume(other, token: token) }
        #expect(talk.exchange.calls.assumeIsolated { $0.liveRecord(record.key)?.state } == .answered)
    }

    @Test func `the place of a page that is away is not to be had by joining`() throws {
        let talk = try Talk(seed: 68)
        talk.disconnect(talk.page)
        let (key, calls) = (talk.key, talk.exchange.calls)
        #expect(throws: CallError.invalidState) {
            try calls.assumeIsolated { _ = try $0.join(key, ScriptedPage("stranger", userID: nil)) }
        }
    }

    @Test func `of two pages the last has the place, and the other one is told`() throws {
        let talk = try Talk(seed: 69)
        let second = ScriptedPage("second", userID: 1)
        try talk.resume(second, token: talk.token)
        try talk.offer(second, certificate: "BB")
        #expect(talk.page.messages.contains(.replaced) && talk.isTalking)
        #expect(throws: CallError.notJoined) { try talk.offer(talk.page, certificate: "0F") }
        talk.disconnect(talk.page)
        #expect(talk.isTalking, "the page that was put out has nothing to do with it any more")
        let third = ScriptedPage("third", userID: nil)
        try talk.resume(third, token: talk.token)
        try talk.offer(third, certificate: "CC")
        #expect(second.messages.contains(.replaced) && talk.isTalking)
    }

    @Test(arguments: [false, true]) func `a page that lost its media is told, and offers another connection`(
        hasClosed: Bool
    ) throws {
        let talk = try Talk(seed: 70)
        let leg = try #require(talk.media.remotes.first { $0.value.isBrowser }?.key)
        talk.media.cause(hasClosed ? .hungUp(leg) : .disconnected(leg))
        talk.wait()
        #expect(talk.hearsMusic && talk.page.messages.contains(.mediaLost))
        try talk.offer(talk.page, certificate: "DD")
        #expect(talk.isTalking && !talk.media.open.contains(leg))
    }

    @Test func `another connection in the place of one that seemed to live is taken as such`() throws {
        let talk = try Talk(seed: 71)
        let open = talk.media.open
        try talk.offer(talk.page, certificate: "EE")
        #expect(talk.isTalking && talk.media.open != open && talk.media.open.count == 2)
        #expect(talk.page.answers.count == 2)
    }

    @Test func `a muted page comes back muted`() throws {
        let talk = try Talk(seed: 72)
        let (page, calls) = (talk.page, talk.exchange.calls)
        calls.assumeIsolated { $0.mute(true, from: page) }
        talk.disconnect(page)
        let again = ScriptedPage("again", userID: 1)
        #expect(try talk.resume(again, token: nil).isMuted)
        try talk.offer(again, certificate: "FF")
        let leg = try #require(talk.media.remotes.first { $0.value.isBrowser }?.key)
        #expect(talk.media.muted.contains(leg))
    }

    @Test func `a call on hold is still on hold after a reload`() throws {
        let talk = try Talk(seed: 73)
        let (key, calls) = (talk.key, talk.exchange.calls)
        _ = try calls.assumeIsolated { try $0.hold(key, true, userID: 1) }
        talk.wait()
        talk.disconnect(talk.page)
        let again = ScriptedPage("again", userID: 1)
        #expect(try talk.resume(again, token: nil).record.isOnHold)
        try talk.offer(again, certificate: "AB")
        #expect(again.answers.count == 1 && talk.hearsMusic && talk.record?.state == .held)
        _ = try calls.assumeIsolated { try $0.hold(key, false, userID: 1) }
        talk.wait(2)
        #expect(talk.isTalking)
    }

    @Test func `a built-in number waits for its caller`() throws {
        let talk = try Talk(seed: 74, callee: "9196")
        #expect(talk.media.sources.values.contains(.echo))
        talk.disconnect(talk.page)
        #expect(!talk.media.sources.values.contains(.echo))
        let again = ScriptedPage("again", userID: 1)
        try talk.resume(again, token: talk.token)
        try talk.offer(again, certificate: "AC")
        #expect(talk.media.sources.values.contains(.echo) && again.answers.count == 1)
    }

    @Test func `silence on the line is no fault while a page is away`() throws {
        let talk = try Talk(seed: 75)
        let leg = try #require(talk.media.remotes.first { !$0.value.isBrowser }?.key)
        talk.disconnect(talk.page)
        talk.media.cause(.timedOut(leg))
        talk.wait()
        #expect(talk.exchange.liveCount == 1)
    }

    @Test func `an offer of the phone's that a page would have to answer is refused while it is away`() throws {
        let talk = try Talk(seed: 76)
        let phone = talk.phone
        let leg = try #require(phone.assumeIsolated { $0.fates.keys.first })
        talk.disconnect(talk.page)
        phone.assumeIsolated { $0.offer([.g722], on: leg) }
        talk.wait(2)
        #expect(phone.assumeIsolated { $0.refusedOffers } == 1)
        #expect(talk.exchange.liveCount == 1)
    }
}

extension RemoteMedia {
    fileprivate var isBrowser: Bool { if case .browser = self { true } else { false } }
}
