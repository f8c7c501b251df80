import Wire

/// What a form names that must exist, and what it takes that others must not have.
extension Form {
    /// An extension may be named before it exists, and the built-in numbers are none of the directory's.
    package func check(_ destination: Destination?, at name: String, in roster: Roster) {
        let exists =
            switch destination {
            case nil, .extension: true
            case .user(let id): roster.users[id] != nil
            case .queue(let queue): roster.queue(named: queue) != nil
            case .trunk(let trunk, _): roster.trunk(named: trunk) != nil
            }
        if !exists { refuse(name, .unknownReference) }
    }

    package func check(_ route: InboundRoute, in roster: Roster) {
        if let trunk = route.trunk, roster.trunk(named: trunk) == nil { refuse("trunk", .unknownReference) }
        check(route.destination, at: "destination", in: roster)
        let same = roster.routes.first { $0.trunk == route.trunk && $0.number == route.number }
        if let same, same.id != route.id { refuse("number", .taken) }
    }

    package func check(_ queue: CallQueue, in roster: Roster) {
        if queue.overflow != .queue(queue.name) { check(queue.overflow, at: "overflow", in: roster) }
        let unknown = queue.members.firstIndex { roster.users[$0.userID] == nil }
        if let unknown { refuse("members[\(unknown)].userId", .unknownReference) }
        if Set(queue.members.map(\.userID)).count < queue.members.count { refuse("members", .taken) }
        if let other = roster.queue(named: queue.name), other.id != queue.id { refuse("name", .taken) }
        guard let number = queue.extension else { return }
        let isPersonal = roster.account(extension: number) != nil || roster.user(extension: number) != nil
        let other = roster.queue(extension: number)
        if isPersonal || other.map({ $0.id != queue.id }) ?? false { refuse("extension", .taken) }
    }

    package func check(_ trunk: Trunk, in roster: Roster) {
        if let other = roster.trunk(named: trunk.name), other.id != trunk.id { refuse("name", .taken) }
    }

    package func check(_ account: SIPAccount, in roster: Roster) {
        if let id = account.userID, roster.users[id] == nil { refuse("userId", .unknownReference) }
        if roster.queue(extension: account.extension) != nil { refuse("extension", .taken) }
        for other in roster.accounts where other.id != account.id {
            if other.extension == account.extension { refuse("extension", .taken) }
            if other.username == account.username { refuse("username", .taken) }
        }
    }

    package func check(_ user: User, in roster: Roster) {
        for other in roster.users.values where other.id != user.id {
            if let login = user.login, other.login == login { refuse("login", .taken) }
            if let number = user.extension, other.extension == number { refuse("extension", .taken) }
        }
        if let number = user.extension, roster.queue(extension: number) != nil { refuse("extension", .taken) }
    }

    package func check(_ line: PhoneLine, in roster: Roster) {
        let number = PhoneNumber(line.number)
        if roster.lines.contains(where: { $0.id != line.id && number.matches($0.number) }) { refuse("number", .taken) }
    }

    package func check(_ phone: UserPhone, in roster: Roster) {
        let number = PhoneNumber(phone.number)
        let others = (roster.phones[phone.userID] ?? []).filter { $0.id != phone.id }
        if others.contains(where: { number.matches($0.number) }) { refuse("number", .taken) }
    }

    /// A password that is chosen, not masked; `least` characters or more.
    package func password(_ name: String = "password", atLeast least: Int = 8) -> String? {
        let chosen = TextRule.secret.schema.with("minLength", JSONValue(least))
        guard let given = value(name, .any(of: [chosen.orNull, .constant("***")])), !given.isNull, given != "***" else {
            return nil
        }
        guard let text = text(given, name, .secret) else { return nil }
        guard text.unicodeScalars.count >= least else {
            refuse(name, .tooShort(minimum: least))
            return nil
        }
        return text
    }
}

extension Roster {
    /// Whether somebody would remain who may administer the exchange, were this user as given, or gone.
    package func keepsAdministrator(without id: Int64, or changed: User? = nil) -> Bool {
        let others = users.values.filter { $0.id != id } + (changed.map { [$0] } ?? [])
        return others.contains { $0.role == .admin && $0.status == .active && $0.login != nil }
    }
}
