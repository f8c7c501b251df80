package import Wire

extension CallQueue {
    package mutating func apply(_ form: Form) {
        form.ignore("id")
        form.read("name", into: &name, .ownName)
        form.read("extension", into: &self.extension, .extension)
        form.read("strategy", into: &strategy)
        form.read("ringSeconds", into: &ringing, in: 1...600)
        form.read("wrapUpSeconds", into: &wrapUp, in: 0...3600)
        form.read("maximumWaiting", into: &maximumWaiting, in: 0...10_000)
        form.read("maximumWaitSeconds", into: &maximumWait, in: 1...86_400)
        form.read("overflow", into: &overflow)
        form.read("leavesWhenEmpty", into: &leavesWhenEmpty)
        form.list("members", into: &members, atMost: 1000) { QueueMember($0) }
    }

    /// A queue that is made: it needs a name.
    package init(_ form: Form) {
        self.init(name: "")
        form.require("name")
        apply(form)
    }

    package var json: JSONValue {
        [
            "id": .integer(id), "name": .string(name), "extension": JSONValue(self.extension),
            "strategy": .string(strategy.rawValue), "ringSeconds": .integer(ringing.wholeMilliseconds / 1000),
            "wrapUpSeconds": .integer(wrapUp.wholeMilliseconds / 1000), "maximumWaiting": JSONValue(maximumWaiting),
            "maximumWaitSeconds": .integer(maximumWait.wholeMilliseconds / 1000), "overflow": overflow?.json ?? .null,
            "leavesWhenEmpty": .bool(leavesWhenEmpty), "members": .array(members.map(\.json)),
        ]
    }
}

extension QueueMember {
    package init(_ form: Form) {
        var id = 0
        form.require("userId")
        form.read("userId", into: &id, in: 1...Int.max)
        self.init(userID: Int64(id))
        form.read("isPaused", into: &isPaused)
    }

    package var json: JSONValue { ["userId": .integer(userID), "isPaused": .bool(isPaused)] }
}
