import CallModel
import Directory
import SIPEndpoint
import Wire

/// Who a dialled number leads to.
struct Route: Sendable, Equatable {
    var parties: [Party]
    var direction: CallDirection
    /// The user a call is for, when it is for one.
    var userID: Int64?
    var `extension`: String?
    /// The queue that takes the call; there are no parties then.
    var queue: QueueTicket?

    /// Whether there is anybody, or a queue, to take the call.
    var leadsSomewhere: Bool { !parties.isEmpty || queue != nil }
}

extension CallManager {
    /// Resolves what a page, a phone or the API dialled; nil when nothing has that number.
    func route(_ dialled: String) -> Route? {
        let number = dialledUser(dialled)
        if let route = routeToHouse(number) { return route }
        guard services.roster.current.hasTrunk, isDiallable(number) else { return nil }
        return Route(parties: [.trunk], direction: .outgoing)
    }

    /// Where a number leads without leaving the house: to a built-in number, a conference, an extension or a queue.
    func routeToHouse(_ number: String) -> Route? {
        if services.offersBuiltInNumbers, let builtIn = BuiltInNumber(dialled: number) {
            return Route(parties: [.builtIn(builtIn)], direction: .internal)
        }
        if let room = services.conferenceRooms.first(where: { $0.number == number }) {
            return Route(parties: hasPlace(room.name) ? [.conference(room.name)] : [], direction: .internal)
        }
        return routeToExtension(number) ?? routeToQueue(number)
    }

    func routeToExtension(_ number: String) -> Route? {
        let roster = services.roster.current
        let account = roster.account(extension: number) ?? roster.account(username: number)
        let number = account?.extension ?? number
        let user = roster.user(extension: number) ?? account?.userID.flatMap { roster.users[$0] }
        guard account != nil || user != nil else { return nil }
        let parties = user.map { devices(ofUser: $0.id) } ?? account.map { phones($0) } ?? []
        return Route(parties: parties, direction: .internal, userID: user?.id, extension: number)
    }

    /// Where a call from a trunk goes: by its routes, else to the account or extension that was called.
    ///
    /// As long as there are no routes at all, whoever is there answers, as a newcomer would expect; nil: the number leads
    /// nowhere.
    func routeFromTrunk(_ dialled: String, _ trunk: String) -> Route? {
        let (number, roster) = (dialledUser(dialled), services.roster.current)
        let planned = roster.route(number: number, trunk: trunk)
        guard var route = planned.map({ self.route(to: $0, called: number) }) ?? routeInside(number) else {
            return roster.routes.isEmpty ? routeToEverybody() : nil
        }
        route.direction = .incoming
        return route
    }

    private func routeInside(_ number: String) -> Route? { routeToExtension(number) ?? routeToQueue(number) }

    private func route(to destination: Destination, called number: String) -> Route {
        let nobody = Route(parties: [], direction: .incoming)
        switch destination {
        case .user(let id):
            let number = services.roster.current.users[id]?.extension
            return Route(parties: devices(ofUser: id), direction: .incoming, userID: id, extension: number)
        case .extension(let number):
            return routeToHouse(number) ?? nobody
        case .queue(let name): return services.roster.current.queue(named: name).map(route(toQueue:)) ?? nobody
        case .trunk(let name, let other):
            return Route(parties: [.outside(trunk: name, number: other ?? number)], direction: .incoming)
        }
    }

    private func routeToEverybody() -> Route {
        let roster = services.roster.current
        let users = roster.users.values.filter { $0.status == .active }.sorted { $0.id < $1.id }
        let loose = roster.accounts.filter { $0.userID == nil && $0.isEnabled }
        let parties = users.flatMap { devices(ofUser: $0.id) } + loose.flatMap(phones)
        return Route(parties: parties, direction: .incoming)
    }

    /// A user's phones that are registered now, and the user's pages if one is open.
    func devices(ofUser id: Int64) -> [Party] {
        let phones = services.roster.current.accounts(ofUser: id).flatMap(phones)
        return phones + (pagesOnline(id) > 0 ? [.user(id)] : [])
    }

    private func phones(_ account: SIPAccount) -> [Party] {
        contacts(account.username).map {
            .phone(extension: account.extension, contact: "\($0.uri)", userID: account.userID)
        }
    }

    func contacts(_ username: String) -> [RegisteredContact] {
        services.sip.assumeIsolated { $0.contacts(for: username) }
    }

    func contact(extension number: String, uri: String) -> RegisteredContact? {
        services.roster.current.account(extension: number).flatMap { account in
            contacts(account.username).first { "\($0.uri)" == uri }
        }
    }

    /// `sip:1001@here` and `1001` are the same number, whatever the host: nobody is called at other hosts than ours.
    func dialledUser(_ dialled: String) -> String {
        // Most are digits and nothing else.
        if dialled.utf8.allSatisfy(ASCII.isDigit) { return dialled }
        let lowered = dialled.lowercased()
        guard lowered.hasPrefix("sip:") || lowered.hasPrefix("sips:"), let colon = dialled.firstIndex(of: ":")
        else { return dialled.filter { !" ()-.".contains($0) } }
        return String(dialled[dialled.index(after: colon)...].prefix { $0 != "@" && $0 != ";" })
    }

    /// What was called, as people know it: an account by its extension, whatever user name it registers under.
    func calledNumber(_ dialled: String) -> String {
        let (name, roster) = (dialledUser(dialled), services.roster.current)
        guard roster.account(extension: name) == nil, let account = roster.account(username: name) else {
            return dialled
        }
        return account.extension
    }

    /// What may go to the trunk: digits, `+`, `*` and `#`.
    private func isDiallable(_ number: String) -> Bool {
        !number.isEmpty && number.utf8.count <= 32
            && number.allSatisfy { $0.isASCII && ($0.isNumber || "+*#".contains($0)) }
    }
}
