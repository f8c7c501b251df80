import CallKit
import CallModel
import Calls
import Media
import Reactor
import TestKit
import Testing
import Wire

/// Pages in a room whose media passes here (`WEBRTC_MODE=bridge`).
struct RoomBridgeTests {
    private let exchange: Exchange
    private let key: CallKey
    private let first = ScriptedPage("first", userID: nil)
    private let second = ScriptedPage("second", userID: nil)

    init() throws {
        exchange = try Exchange(seed: 4, users: 2, bridgesRooms: true)
        var request = CallRequest(caller: .page(userID: nil), target: "+79990000000", source: .webrtc)
        request.allowsRoom = true
        let wanted = request
        key = try exchange.calls.assumeIsolated { try $0.originate(wanted).key }
    }

    private func wait(_ duration: Duration = .milliseconds(10)) { exchange.loop.advance(by: duration) }

    private func join(_ page: ScriptedPage) throws {
        _ = try exchange.calls.assumeIsolated { [key] in try $0.join(key, page) }
        wait()
    }

    private func offer(_ page: ScriptedPage, _ sdp: String = ScriptedPage.offer()) throws {
        try exchange.calls.assumeIsolated { [key] in try $0.offer(key, from: page, sdp: sdp) }
        wait()
    }

    private func answer(_ page: ScriptedPage) throws {
        let sdp = ScriptedPage.offer(certificate: "1F").replacing("a=setup:actpass", with: "a=setup:active")
        try exchange.calls.assumeIsolated { [key] in try $0.answer(key, from: page, sdp: sdp) }
        wait()
    }

    /// Who hears whom: the legs of the one conference there may be.
    private var legs: Int {
        Set(exchange.media.conferences.values).count <= 1 ? exchange.media.conferences.count : -1
    }

    @Test func `an offer is answered by us, and whoever waits for one gets ours`() throws {
        try join(first)
        try offer(first)
        #expect(first.answers.count == 1 && first.answers[0].contains("a=ice-lite"))
        #expect(first.messages.contains { if case .answer(_, "gateway") = $0 { true } else { false } })
        #expect(legs == 1)
        try join(second)
        #expect(second.offers.isEmpty)
        wait(.seconds(2))
        #expect(second.offers.count == 1 && second.offers[0].contains("a=setup:actpass"))
        try answer(second)
        #expect(legs == 2 && exchange.media.open.count == 2)
        // Neither is told anything of the other's descriptions.
        #expect(first.offers.isEmpty && second.answers.isEmpty)
    }

    @Test func `whoever offers as it comes is answered, and offered nothing`() throws {
        for page in [first, second] {
            try join(page)
            try offer(page)
        }
        wait(.seconds(3))
        #expect(first.answers.count == 1 && second.answers.count == 1 && legs == 2)
        #expect(first.offers.isEmpty && second.offers.isEmpty)
    }

    @Test func `candidates are handed to nobody, and what makes no sense is refused`() throws {
        for page in [first, second] { try join(page) }
        try exchange.calls.assumeIsolated { [key, first] in
            try $0.candidate(key, from: first, ICECandidateMessage(candidate: "x"))
        }
        wait()
        #expect(second.messages.isEmpty)
        #expect(throws: CallError.badDescription) { try offer(first, "v=0\r\n") }
        #expect(throws: CallError.invalidState) { try answer(first) }
        #expect(exchange.media.open.isEmpty)
        // Nobody has offered: nobody is waited for.
        wait(.seconds(5))
        #expect(first.messages.isEmpty && second.messages.isEmpty)
    }

    @Test func `the same certificate goes on with the connection, another one is another`() throws {
        try join(first)
        try offer(first)
        let leg = try #require(exchange.media.open.first)
        try offer(first, ScriptedPage.offer().replacing("4ZcD", with: "other"))
        #expect(exchange.media.open == [leg] && first.answers.last?.contains("ice-ufrag:again") == true)
        try offer(first, ScriptedPage.offer(certificate: "2F"))
        #expect(exchange.media.open.count == 1 && !exchange.media.open.contains(leg) && legs == 1)
        exchange.media.cause(.disconnected(try #require(exchange.media.open.first)))
        wait()
        #expect(exchange.media.open.isEmpty && first.messages.last == .mediaLost)
        try offer(first)
        #expect(legs == 1)
    }

    @Test func `a mute is heard by nobody, and a room that ends leaves no connection`() throws {
        for page in [first, second] {
            try join(page)
            try offer(page)
        }
        exchange.calls.assumeIsolated { [first] in $0.mute(true, from: first) }
        #expect(exchange.media.muted.count == 1)
        exchange.calls.assumeIsolated { [first] in $0.leave(first) }
        wait()
        #expect(exchange.media.open.count == 1 && legs == 1)
        _ = try exchange.calls.assumeIsolated { [key] in try $0.hangUp(key, userID: nil) }
        wait()
        #expect(exchange.media.open.isEmpty && exchange.media.conferences.isEmpty && exchange.liveCount == 0)
    }
}
