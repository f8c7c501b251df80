import CallModel
import Directory
import Wire

/// Ways into queues and out of them.
extension CallManager {
    /// A queue by its extension.
    func routeToQueue(_ number: String) -> Route? {
        guard let queue = services.roster.current.queue(extension: number) else { return nil }
        return route(toQueue: queue)
    }

    func route(toQueue queue: CallQueue) -> Route {
        rosterChanged()
        return Route(
            parties: [], direction: .internal, extension: queue.extension,
            queue: QueueTicket(name: queue.name, longestWait: queue.maximumWait))
    }

    /// Where a queue sends a caller; queues that would send it in a circle are left out.
    func exit(_ destination: Destination?, from seen: Set<String>) -> QueueExit {
        switch destination {
        case nil: return .nowhere
        case .user(let id): return .parties(devices(ofUser: id))
        case .trunk(let name, let number): return .parties([.outside(trunk: name, number: number)])
        case .queue(let name): return exit(toQueue: name, from: seen)
        case .extension(let number):
            guard let route = routeToHouse(number) else { return .nowhere }
            return route.queue.map { exit(toQueue: $0.name, from: seen) } ?? .parties(route.parties)
        }
    }

    private func exit(toQueue name: String, from seen: Set<String>) -> QueueExit {
        guard !seen.contains(name), let queue = services.roster.current.queue(named: name) else { return .nowhere }
        return .queue(QueueTicket(name: name, longestWait: queue.maximumWait))
    }
}
