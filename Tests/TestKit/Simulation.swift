package import Reactor
import Wire

/// A loop in virtual time and a network on it, both following from one seed.
package struct Simulation {
    package let loop: SimulatedLoop
    package let network: SimulatedNetwork

    package init(seed: UInt64, over quality: BadNetwork = .perfect) {
        loop = SimulatedLoop(seed: seed)
        network = SimulatedNetwork(loop: loop, conditions: quality.conditions)
    }

    /// Adds a host, by its numeric addresses.
    package func host(_ addresses: String...) -> SimulatedHost {
        network.addHost(
            addresses.map { text in
                guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
                return address
            })
    }

    /// Fails when a program that has ended left sockets, timers or jobs behind.
    package func checkNothingIsLeft(timers: Int = 0, sockets: Int = 0) throws {
        loop.runReady()
        guard network.openSockets <= sockets, loop.pendingTimers <= timers else {
            throw Leak(seed: loop.seed, sockets: network.openSockets, timers: loop.pendingTimers)
        }
    }
}

/// What a program left behind on its loop.
package struct Leak: Error, CustomStringConvertible {
    package let seed: UInt64
    package let sockets: Int
    package let timers: Int

    package var description: String { "seed \(seed): \(sockets) sockets and \(timers) timers left" }
}
