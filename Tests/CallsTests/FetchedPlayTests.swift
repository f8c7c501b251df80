import CallKit
import CallModel
import Calls
import Media
import Reactor
import Testing
import Web
import Wire

/// Sounds of URLs, which take their time to come.
struct FetchedPlayTests {
    /// 1001 talks to 1002, and the server answers when it is told to.
    private func call(seed: UInt64, _ server: SlowServer) throws -> (exchange: Exchange, key: CallKey) {
        let exchange = try Exchange(seed: seed, users: 2) { _ throws(HTTPClientError) in await server.sound() }
        for number in ["1001", "1002"] { try exchange.addPhone(number) }
        #expect(exchange.register())
        _ = exchange.phones[0].assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(3))
        return (exchange, try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first).key)
    }

    private func order(_ audience: PlayOrder.Audience = .both) throws -> PlayOrder {
        PlayOrder(.url(try #require(HTTPURL("http://a.example/a.wav"))), to: audience, loops: false)
    }

    @Test func `so many are fetched at once, and more are refused until one has come`() throws {
        let server = SlowServer()
        let (exchange, key) = try call(seed: 51, server)
        let (calls, order) = (exchange.calls, try order())
        let refusals = try exchange.loop.complete {
            await withTaskGroup(of: CallError?.self) { group in
                for _ in 0...CallManager.mostFetches { group.addTask { await calls.refusal(key, order) } }
                let first = await group.next() ?? nil
                server.answer()
                await group.waitForAll()
                return [first, await calls.refusal(key, order)]
            }
        }
        #expect(refusals == [.soundNotFetched(.overloaded), nil])
    }

    /// Why what is played to an audience is not heard when something happens while it is fetched.
    private func refusal(
        seed: UInt64, to audience: PlayOrder.Audience,
        _ meanwhile: @escaping @Sendable (CallManager, CallKey) async throws -> Void
    ) throws -> (error: CallError?, heard: Int) {
        let server = SlowServer()
        let (exchange, key) = try call(seed: seed, server)
        let (calls, order) = (exchange.calls, try order(audience))
        let error = try exchange.loop.complete {
            async let refusal = calls.refusal(key, order)
            await server.visited()
            try await meanwhile(calls, key)
            server.answer()
            return await refusal
        }
        return (try #require(error), exchange.media.announcements.count)
    }

    @Test(arguments: PlayOrder.Audience.allCases)
    func `what is stopped while it is fetched is not heard`(audience: PlayOrder.Audience) throws {
        let (error, heard) = try refusal(seed: 52, to: audience) { _ = try await $0.stopPlaying($1) }
        #expect(error == .invalidState && heard == 0)
    }

    @Test(arguments: [
        (PlayOrder.Audience.caller, PlayOrder.Audience.caller, true), (.both, .callee, true), (.caller, .both, true),
        (.caller, .callee, false),
    ])
    func `what is fetched does not replace what the same people were to hear since`(
        _ audience: PlayOrder.Audience, _ other: PlayOrder.Audience, _ isTooLate: Bool
    ) throws {
        let tone = PlayOrder(.tone(.busy), to: other, loops: true)
        let (error, heard) = try refusal(seed: 53, to: audience) { _ = try await $0.play($1, tone) }
        #expect(error == (isTooLate ? .invalidState : nil))
        #expect(heard == (isTooLate && other != .both ? 1 : 2))
    }
}

/// A web server with one sound, which it gives once it is told to answer.
private final class SlowServer: Sendable {
    private struct State {
        var answers = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isVisited = false
    }

    private let state = Locked(State())

    func sound() async -> [UInt8] {
        await withCheckedContinuation { continuation in
            let answers = state.withLock { state in
                state.isVisited = true
                if !state.answers { state.waiting.append(continuation) }
                return state.answers
            }
            if answers { continuation.resume() }
        }
        return Self.wave
    }

    /// Waits until somebody wants the sound.
    func visited() async {
        while !state.withLock({ $0.isVisited }) { await Task.yield() }
    }

    func answer() {
        let waiting = state.withLock { state in
            state.answers = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// A tenth of a second of G.711.
    private static let wave: [UInt8] =
        [
            0x52, 0x49, 0x46, 0x46, 0x44, 0x03, 0, 0, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6D, 0x74, 0x20, 16, 0, 0, 0,
            7, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 0x64, 0x61, 0x74, 0x61, 0x20, 0x03, 0, 0,
        ] + [UInt8](repeating: 0x7F, count: 800)
}

extension CallManager {
    /// Why an order is not played.
    fileprivate func refusal(_ key: CallKey, _ order: PlayOrder) async -> CallError? {
        do throws(CallError) {
            _ = try await play(key, order)
            return nil
        } catch {
            return error
        }
    }
}
