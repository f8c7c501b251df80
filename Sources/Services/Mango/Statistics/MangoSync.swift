import CallModel
import Calls
package import Directory
import Reactor
import Telemetry
package import Wire

/// Brings over what the exchange knows and we do not: calls of a period, and who has which extension.
package struct MangoSync: Sendable {
    private let exchange: MangoExchange
    private let services: MangoServices
    private let settings: MangoSettings
    private let directory: any DirectoryStore
    /// Lets the exchange here follow the directory.
    private let reload: @Sendable () async -> Void

    package init(
        _ exchange: MangoExchange, settings: MangoSettings, directory: any DirectoryStore,
        reload: @escaping @Sendable () async -> Void
    ) {
        (self.exchange, self.settings, self.directory, self.reload) = (exchange, settings, directory, reload)
        services = exchange.services
    }

    /// Why nothing was brought over.
    package enum Failure: Error, Sendable {
        /// The exchange does not answer, or says no.
        case refused(String)
        case store
    }

    // MARK: - Calls

    /// Writes down the calls of a period that are not written down yet; answers how many there were, and how many were
    /// new.
    package func calls(from: WallTime, through: WallTime) async throws(Failure) -> (found: Int, added: Int) {
        let text = try await exchange.statistics(from: from, through: through)
        var (found, added) = (0, 0)
        for entry in MangoStatistics.entries(text) {
            guard var facts = entry.facts else { continue }
            found += 1
            // A line names no leg.
            facts.callID = nil
            do throws(StoreError) {
                guard try await services.store.call(entryID: facts.entryID, callIDs: []) == nil else { continue }
                if try await add(facts) { added += 1 }
            } catch {
                throw .store
            }
        }
        services.logger.info("calls brought over", [LogField("found", found), LogField("added", added)])
        return (found, added)
    }

    private func add(_ facts: MangoCallFacts) async throws(StoreError) -> Bool {
        let roster = services.roster.current
        let search = OperatorSearch(roster: roster, defaultID: settings.defaultOperatorID)
        var context = MangoContext(isOver: true)
        context.person = search.person(at: facts.house)
        context.line = facts.lineNumber.flatMap { roster.line(number: $0) }
        if context.person == nil { context.keeper = search.anybody }
        let known = context
        var record = await services.calls.recordElsewhere(
            facts.direction, source: .mango, from: facts.callerNumber, to: facts.receiverNumber, at: facts.startedAt)
        facts.fill(&record, known)
        let event = CallEvent(record: record, notice: .filed(isNew: true), offeredTo: [])
        do throws(StoreError) {
            try await services.callStore.add(record, rows: services.calls.publications(of: event))
            return true
        } catch {
            // Its events came meanwhile.
            if case .conflict = error { return false }
            throw error
        }
    }

    // MARK: - People

    /// Gives our users the extensions and SIP addresses that they have at the exchange; answers how many changed.
    ///
    /// They are known by their number there, by their extension, or by their e-mail address. Nobody is made.
    package func users() async throws(Failure) -> Int {
        let people = try await exchange.people()
        var changed = 0
        do throws(StoreError) {
            for user in try await directory.roster().users.values.sorted(by: { $0.id < $1.id }) {
                guard let person = people.first(where: { $0.isSame(as: user) }) else { continue }
                var updated = user
                updated.mangoUserID = person.userID ?? user.mangoUserID
                if let number = person.extension, TextRule.ownExtension.accepts(number) { updated.extension = number }
                updated.sipAddress = person.sipAddress ?? user.sipAddress
                guard updated != user else { continue }
                if try await directory.update(updated, passwordHash: nil, limits: nil) { changed += 1 }
            }
        } catch {
            throw .store
        }
        await reload()
        services.logger.info("users brought over", [LogField("changed", changed)])
        return changed
    }
}

/// A person as the exchange knows them (`config/users/request`).
struct MangoPerson: Hashable, Sendable {
    let userID: Int64?
    let `extension`: String?
    let sipAddress: String?
    let email: String?

    init(_ value: JSONValue) {
        let general = value["general"]?.objectValue ?? JSONObject()
        let telephony = value["telephony"]?.objectValue ?? JSONObject()
        userID = general["user_id"]?.integerValue ?? general["user_id"]?.stringValue.flatMap { Int64($0) }
        email = MangoPayload(general).text("email")
        `extension` = MangoPayload(telephony).text("extension")
        let numbers = telephony["numbers"]?.arrayValue ?? []
        let sip = numbers.first { $0["protocol"]?.stringValue == "sip" } ?? general["sips"]?[0]
        sipAddress = sip?["number"]?.stringValue.map { $0.hasPrefix("sip:") ? String($0.dropFirst(4)) : $0 }
    }

    func isSame(as user: User) -> Bool {
        if let userID, let known = user.mangoUserID { return userID == known }
        if let `extension`, let known = user.extension { return `extension` == known }
        guard let email, let known = user.email else { return false }
        return email.lowercased() == known.lowercased()
    }
}
