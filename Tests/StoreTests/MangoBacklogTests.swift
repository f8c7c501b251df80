import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// Events that wait on this machine for a server.
struct MangoBacklogTests {
    private func event(_ key: String) -> StoredMangoEvent {
        var event = StoredMangoEvent(
            kind: "call", dialect: "vpbx", dedupeKey: key, payload: #"{"call_id":"C1"}"#, remoteIP: "192.0.2.1",
            receivedAt: noon)
        (event.callID, event.entryID, event.sequence, event.isSignatureGood) = ("C1", "E1", 1, true)
        return event
    }

    @Test func `they wait in their order, also across an end, and a copy of one is known`() async throws {
        let place = try Place(.postgres)
        try await withStore(place) { (store) async throws in
            let first = try await store.postpone(event("a"))
            #expect(!first.isKnown)
            #expect(try await !store.postpone(event("b")).isKnown)
            #expect(try await store.postpone(event("a")) == KeptMangoEvent(id: first.id, isKnown: true, reply: nil))
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.postponedCount() == 2)
            let next = try #require(try await store.nextPostponed())
            #expect(next.event == event("a"))
            try await store.forgetPostponed(next.number)
            let second = try #require(try await store.nextPostponed())
            #expect(second.event.dedupeKey == "b")
            try await store.parkPostponed(second.number)
            #expect(try await store.nextPostponed() == nil)
            #expect(try await store.postponedCount() == 0)
            // What is parked is still there: a copy of it does not come in again.
            #expect(try await store.postpone(event("b")).isKnown)
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.postponedCount() == 0)
            try await store.retryParked()
            #expect(try await store.postponedCount() == 1)
            let again = try #require(try await store.nextPostponed())
            #expect(again.event == event("b"))
            try await store.forgetPostponed(again.number)
            try await store.forgetPostponed(again.number)
            #expect(try await store.postponedCount() == 0)
        }
    }

    @Test func `an embedded store keeps nothing elsewhere`() async throws {
        try await withStore(.sqlite) { (store) async throws in
            await #expect(throws: StoreError.self) { try await store.postpone(event("a")) }
            #expect(try await store.nextPostponed() == nil)
            #expect(try await store.postponedCount() == 0)
        }
    }
}
