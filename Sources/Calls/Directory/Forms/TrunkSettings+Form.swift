package import Wire

extension TrunkNumbers {
    package mutating func apply(_ form: Form) {
        form.read("outgoingCalled", into: &outgoingCalled)
        form.read("outgoingCaller", into: &outgoingCaller)
        form.read("incomingCalled", into: &incomingCalled)
        form.read("incomingCaller", into: &incomingCaller)
        form.texts("accepts", into: &accepts, atMost: 100, .numberPattern) { text throws(FieldProblem) in
            try NumberPattern(text)
        }
    }

    package var json: JSONValue {
        [
            "outgoingCalled": .array(outgoingCalled.map(\.json)), "outgoingCaller": .array(outgoingCaller.map(\.json)),
            "incomingCalled": .array(incomingCalled.map(\.json)), "incomingCaller": .array(incomingCaller.map(\.json)),
            "accepts": JSONValue(accepts.map(\.description)),
        ]
    }
}

extension CallerIDPolicy {
    package mutating func apply(_ form: Form) {
        form.read("from", into: &from)
        form.read("assertion", into: &assertion)
        form.read("number", into: &number, .number)
        form.read("trustsIncoming", into: &trustsIncoming)
    }

    package var json: JSONValue {
        [
            "from": .string(from.rawValue), "assertion": .string(assertion.rawValue), "number": JSONValue(number),
            "trustsIncoming": .bool(trustsIncoming),
        ]
    }
}

extension TrunkSession {
    package mutating func apply(_ form: Form) {
        form.read("timerSeconds", into: &timer, in: 90...86_400)
        form.read("reliable", into: &reliable)
        form.read("transfer", into: &transfer)
        form.read("encryption", into: &encryption)
    }

    package var json: JSONValue {
        [
            "timerSeconds": JSONValue(timer.map { $0.wholeMilliseconds / 1000 }),
            "reliable": .string(reliable.rawValue), "transfer": .string(transfer.rawValue),
            "encryption": .string(encryption.rawValue),
        ]
    }
}

extension TrunkTLS {
    package mutating func apply(_ form: Form) {
        form.read("verifies", into: &verifies)
        form.read("authorities", into: &authorities, .path)
        form.read("certificate", into: &certificate, with: "key", into: &key, .path)
    }

    package var json: JSONValue {
        [
            "verifies": .bool(verifies), "authorities": JSONValue(authorities), "certificate": JSONValue(certificate),
            "key": JSONValue(key),
        ]
    }
}
