package import Directory
package import Wire

extension SQLStore: AnswerStore {
    package func answer(
        to key: KeptAnswer.Key, since moment: WallTime
    ) async throws(StoreError) -> KeptAnswer? {
        try await read { (database: Database) throws(SQLFailure) in
            try AnswerTable.read(key, since: moment, in: database)
        }
    }

    package nonisolated func keep(_ answer: KeptAnswer) { write(.answer(answer)) }

    package nonisolated func forget(_ key: KeptAnswer.Key) { write(.noAnswer(key)) }
}
