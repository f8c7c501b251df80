package import Wire

/// The port to what was answered to requests that are not to be done twice, whatever becomes of this process.
package protocol AnswerStore: Sendable {
    /// Writes down that a request is begun, which whoever comes with its key from now on will find; nil when it is the
    /// first, else what is there.
    func begin(_ attempt: KeptAnswer) async throws(StoreError) -> KeptAnswer?
    /// Queued: what was answered to this attempt; without effect where it was never begun.
    func keep(_ answer: KeptAnswer)
    /// Queued: this attempt made nothing.
    func forget(_ attempt: KeptAnswer)
}

/// What was answered to a request that came with an `Idempotency-Key`.
package struct KeptAnswer: Sendable, Equatable {
    /// For how long it is repeated.
    package static let lifetime = Duration.seconds(24 * 3600)

    /// Since when answers are repeated.
    package static func oldest(at now: WallTime) -> WallTime { now + (.zero - lifetime) }

    /// Who asked for what under which key.
    package struct Key: Hashable, Sendable {
        package let caller: String
        package let path: String
        package let name: String

        package init(caller: String, path: String, name: String) {
            (self.caller, self.path, self.name) = (caller, path, name)
        }
    }

    package struct Response: Sendable, Equatable {
        package let status: Int
        /// A list of pairs, as JSON: names and values of the response's header.
        package let fields: String
        package let body: String

        package init(status: Int, fields: String, body: String) {
            (self.status, self.fields, self.body) = (status, fields, body)
        }
    }

    package let key: Key
    /// Stands for what was asked.
    package let fingerprint: String
    /// Nil as long as it is being done, and for good where the program ended meanwhile.
    package var response: Response?
    package let begunAt: WallTime
    /// Tells attempts apart that came to several gateways.
    package let attempt: UUID

    package init(key: Key, fingerprint: String, response: Response? = nil, begunAt: WallTime, attempt: UUID) {
        (self.key, self.fingerprint, self.response) = (key, fingerprint, response)
        (self.begunAt, self.attempt) = (begunAt, attempt)
    }
}
