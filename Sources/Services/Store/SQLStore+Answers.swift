package import Directory

extension SQLStore: AnswerStore {
    package func begin(_ attempt: KeptAnswer) throws(StoreError) -> KeptAnswer? {
        try change { (database: Database) throws(SQLFailure) in try AnswerTable.begin(attempt, in: database) }
    }

    package nonisolated func keep(_ answer: KeptAnswer) { write(.answer(answer)) }

    package nonisolated func forget(_ attempt: KeptAnswer) { write(.noAnswer(attempt)) }
}
