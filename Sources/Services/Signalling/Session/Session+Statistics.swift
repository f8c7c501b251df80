import CallModel
import CallViews
import Directory
import Web
import Wire

/// Document 002's figures: what `/api/statistics/overview` answers of all time to the same person.
extension Session {
    func tellStatistics(_ message: ClientMessage) throws(Failure) -> Outcome {
        let live = hub.assumeIsolated { $0.liveCount(for: participantID) }
        var query = CallQuery()
        if let user, !user.role.seesAllCalls {
            query.visibility = .user(user.id, isOperator: user.role == .operator)
        }
        let (store, wanted) = (services.callStore, query)
        try lookUp(for: message) { session throws(Failure) in
            let tallies: [CallTally]
            do throws(StoreError) {
                tallies = try await store.tallies(matching: wanted, byPerson: false)
            } catch {
                throw .storeUnavailable
            }
            let figures = CallFigures(tallies).overview(live: live)
            session.send(SignallingEvent("statistics", figures))
            session.succeed(message.reply, figures)
        }
        return .answered
    }
}
