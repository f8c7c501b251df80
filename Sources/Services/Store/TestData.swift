import CallModel
package import Directory
package import Wire

/// What there is in test mode (`TEST_MODE`): the people, the company and the call that document 002 prints, and others
/// beside it, so that lists have pages and the statistics have that document's figures.
enum TestData {
    static let company = Company(
        id: 5, name: "ООО Технологии", inn: "1234567890",
        phones: [CompanyPhone(number: "+7 (495) 123-45-67", contactPerson: "Иван Петров")])
    static let line = "+7 (495) 987-65-43"

    /// How a call of the statistics ended.
    private struct Ending {
        let userID: Int64
        let state: CallState
        var duration = 0
        var isTransferred = false
    }

    /// From one call to the next: all together are those of a month.
    private static let interval = Duration.seconds(17_280)

    /// Calls that are over, the oldest first; `people` are the numbers of Анна and Петр.
    static func calls(of people: (Int64, Int64), at now: WallTime) -> [CallRecord] {
        var entropy = Entropy(seed: 2)
        var calls = [documented(person: people.0, using: &entropy)]
        let endings = endings(of: people).shuffled(using: &entropy)
        for (index, ending) in endings.enumerated() {
            let age = interval * (endings.count - index)
            let id = Int64(calls.count + 1)
            calls.append(call(id, ending, at: now + (.zero - age), using: &entropy))
        }
        return calls
    }

    /// The call that the document prints, in full.
    private static func documented(person: Int64, using entropy: inout Entropy) -> CallRecord {
        let start = WallTime(milliseconds: 1_705_314_600_000)
        var call = CallRecord(
            id: 1, uuid: UUID(using: &entropy), source: .crm, direction: .incoming, state: .completed,
            callerNumber: company.phones[0].number, receiverNumber: line, startedAt: start)
        call.channelID = "SIP/1001-00000000"
        (call.assignedUserID, call.answeredByUserID, call.callerCompanyID) = (person, person, company.id)
        (call.answeredAt, call.endedAt, call.duration) = (start + .seconds(5), start + .seconds(205), 200)
        (call.customerName, call.customerCompany) = ("Иван Петров", company.name)
        (call.customerEmail, call.customerPhone) = ("ivan@tech.ru", company.phones[0].number)
        (call.purpose, call.outcome) = ("sales", "Договорились о встрече")
        (call.notes, call.tags) = ("Клиент интересовался услугами", ["новый клиент", "продажи"])
        call.followUpDate = WallTime(milliseconds: 1_705_759_200_000)
        call.recordingURL = "https://example.com/recordings/call_1.mp3"
        (call.endReason, call.isTest) = (.callerHangup, true)
        return call
    }

    private static func endings(of people: (Int64, Int64)) -> [Ending] {
        func some(_ count: Int, _ ending: Ending) -> [Ending] { Array(repeating: ending, count: count) }
        let (first, second) = people
        var endings = some(18, Ending(userID: first, state: .completed, duration: 195))
        endings += some(1, Ending(userID: first, state: .completed, duration: 190))
        endings += some(3, Ending(userID: first, state: .rejected)) + some(2, Ending(userID: first, state: .missed))
        endings += some(95, Ending(userID: second, state: .completed, duration: 177))
        endings += some(5, Ending(userID: second, state: .completed, duration: 177, isTransferred: true))
        endings += some(17, Ending(userID: second, state: .rejected)) + some(8, Ending(userID: second, state: .missed))
        return endings
    }

    private static func call(
        _ id: Int64, _ ending: Ending, at start: WallTime, using entropy: inout Entropy
    ) -> CallRecord {
        var call = CallRecord(
            id: id, uuid: UUID(using: &entropy), source: .crm, direction: .incoming, state: ending.state,
            callerNumber: "+7 (495) 000-\(10 + id / 90)-\(10 + id % 90)",
            receiverNumber: line, startedAt: start)
        (call.assignedUserID, call.isTest) = (ending.userID, true)
        let wait = Duration.seconds(5)
        if ending.state == .completed {
            (call.answeredByUserID, call.answeredAt) = (ending.userID, start + wait)
        }
        (call.endedAt, call.duration) = (start + wait + .seconds(ending.duration), ending.duration)
        call.endReason =
            switch ending.state {
            case .completed: .callerHangup
            case .rejected: .rejected
            default: .callerCancelled
            }
        if ending.isTransferred { (call.transferCount, call.holdSeconds) = (1, 60) }
        return call
    }
}

extension FirstStart {
    /// Makes the people under the numbers that document 002 prints, with its company and calls; answers the number of the
    /// last call, too.
    fileprivate func seedTestData(
        _ database: Database, at now: WallTime, using entropy: inout Entropy
    ) throws(SQLFailure) -> (credentials: [Credentials], lastCall: Int64) {
        var made: [Credentials] = []
        for person in Self.people { made.append(try make(person, in: database, using: &entropy)) }
        made.append(try makeAdministrator(in: database, using: &entropy))
        let (anna, petr) = (made[0].user.id, made[1].user.id)
        try UserPhoneTable.insert(
            UserPhone(id: 0, userID: anna, number: TestData.line, kind: .work, isPrimary: false), to: database)
        try database.run("UPDATE users SET presence = 'online' WHERE id IN (?, ?)", [.integer(anna), .integer(petr)])
        try CompanyTable.insertAsNumbered(TestData.company, to: database)
        let calls = TestData.calls(of: (anna, petr), at: now)
        for call in calls {
            try CallTable.insert(call, to: database)
            for row in call.tagRows(since: nil) { try row.write(to: database) }
        }
        return (made, calls.last?.id ?? 0)
    }
}

extension SQLStore {
    /// Fills an empty store with test data; answers who may log in.
    package func fill(
        with start: FirstStart, at now: WallTime, using entropy: Entropy
    ) throws(StoreError) -> [FirstStart.Credentials] {
        let (credentials, lastCall) = try change { (database: Database) throws(SQLFailure) in
            var entropy = entropy
            return try start.seedTestData(database, at: now, using: &entropy)
        }
        numbers.begin(after: lastCall)
        newestCallID = max(newestCallID, lastCall)
        return credentials
    }
}
