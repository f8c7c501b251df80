import API
import Calls
import Directory
import Reactor
import Synchronization
import Telemetry
import TestKit
import Testing
import Wire

struct DirectoryKeeperTests {
    /// What the exchange was told.
    private final class Told: Sendable {
        private let state = Mutex<(trunks: [[String]], forgotten: [String])>(([], []))

        var trunks: [[String]] { state.withLock { $0.trunks } }
        var forgotten: [String] { state.withLock { $0.forgotten } }
        var followers: DirectoryKeeper.Followers {
            DirectoryKeeper.Followers(
                setTrunks: { trunks in self.state.withLock { $0.trunks.append(trunks.map(\.name)) } },
                forget: { name in self.state.withLock { $0.forgotten.append(name) } })
        }
    }

    private func account(_ number: String) -> SIPAccount {
        SIPAccount(
            id: 0, extension: number, username: number, secret: .digests(md5: "m", sha256: "s"), displayName: number)
    }

    @Test func `what is set of the server reaches it once for each change`() throws {
        let (loop, directory) = (Simulation(seed: 1).loop, MemoryDirectory(Roster()))
        var followers = DirectoryKeeper.Followers(setTrunks: { _ in }, forget: { _ in })
        let heard = Heard()
        followers.settingsChanged = { heard.add($0) }
        let keeper = DirectoryKeeper(
            loop: loop, store: directory, roster: RosterBox(), accounts: [], trunks: [], followers: followers,
            logger: .silent)
        _ = try loop.complete {
            for range in [5700...5750, 5700...5750, 6000...6100] as [ClosedRange<UInt16>] {
                try await directory.set(ServerSettings(rtpPorts: range))
                await keeper.reload()
            }
            return true
        }
        #expect(heard.all.map(\.rtpPorts) == [5700...5750, 6000...6100])
    }

    private final class Heard: Sendable {
        private let state = Mutex<[ServerSettings]>([])

        var all: [ServerSettings] { state.withLock { $0 } }
        func add(_ settings: ServerSettings) { state.withLock { $0.append(settings) } }
    }

    @Test func `the exchange follows what is stored, and the environment wins`() throws {
        let (loop, told, roster) = (Simulation(seed: 1).loop, Told(), RosterBox())
        let directory = MemoryDirectory(Roster())
        let own = Trunk(name: "default", targets: [TrunkTarget(host: "own.example")])
        let keeper = DirectoryKeeper(
            loop: loop, store: directory, roster: roster, accounts: [account("1000")], trunks: [own],
            followers: told.followers, logger: .silent)
        _ = try loop.complete {
            var anna = try await directory.add(account("1001"))
            var carrier = try await directory.add(Trunk(name: "carrier", targets: [TrunkTarget(host: "a.example")]))
            _ = try await directory.add(Trunk(name: "default", targets: [TrunkTarget(host: "b.example")]))
            await keeper.reload()
            #expect(told.trunks == [["carrier", "default"]])
            #expect(roster.current.trunk(named: "default") == own)
            #expect(roster.current.account(extension: "1000") != nil)
            anna.displayName = "Anna"
            _ = try await directory.update(anna)
            await keeper.reload()
            #expect(told.trunks.count == 1 && told.forgotten.isEmpty)
            anna.secret = .digests(md5: "n", sha256: "t")
            _ = try await directory.update(anna)
            await keeper.reload()
            anna.isEnabled = false
            _ = try await directory.update(anna)
            carrier.isEnabled = false
            _ = try await directory.update(carrier)
            await keeper.reload()
            #expect(told.forgotten == ["1001", "1001"])
            #expect(told.trunks.count == 2)
            directory.breakDown()
            #expect(await !keeper.reload())
        }
        #expect(roster.current.accounts.count == 2)
    }

    @Test func `a change by another process is followed within two seconds`() throws {
        let (loop, told, roster) = (Simulation(seed: 2).loop, Told(), RosterBox())
        let directory = MemoryDirectory(Roster())
        let keeper = DirectoryKeeper(
            loop: loop, store: directory, roster: roster, accounts: [], trunks: [], followers: told.followers,
            logger: .silent)
        _ = try loop.complete {
            await keeper.start()
            _ = try await directory.add(Trunk(name: "carrier", targets: [TrunkTarget(host: "a.example")]))
        }
        loop.advance(by: .seconds(5))
        #expect(told.trunks.isEmpty)
        directory.changeByAnother()
        loop.advance(by: .seconds(2))
        #expect(told.trunks == [["carrier"]])
        #expect(roster.current.trunk(named: "carrier") != nil)
        _ = try loop.complete { await keeper.stop() }
        directory.changeByAnother()
        loop.advance(by: .seconds(5))
        #expect(told.trunks.count == 1)
    }
}
