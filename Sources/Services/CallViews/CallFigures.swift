package import CallModel
package import Wire

/// Statistics over calls, as documents 000, 002 and 003 print them.
package struct CallFigures: Hashable, Sendable {
    /// Calls, and what they add up to.
    private struct Sum: Hashable {
        var calls = 0
        var talkSeconds = 0
    }

    private var total = 0
    private var answered = Sum()
    private var rejected = 0
    /// Over, and neither answered nor rejected.
    private var missed = 0
    private var holdSeconds = 0
    private var transfers = 0
    /// By the words of document 000.
    private var recordsWords: [String: Sum] = [:]

    package init(_ tallies: some Sequence<CallTally> = []) {
        for tally in tallies { add(tally) }
    }

    package mutating func add(_ tally: CallTally) {
        total += tally.calls
        (holdSeconds, transfers) = (holdSeconds + tally.holdSeconds, transfers + tally.transfers)
        if tally.wasAnswered {
            answered.calls += tally.calls
            answered.talkSeconds += tally.talkSeconds
        } else if tally.state == .rejected {
            rejected += tally.calls
        } else if tally.state.isTerminal {
            missed += tally.calls
        }
        guard let word = CallView.records.status(tally.state, tally.direction) else { return }
        recordsWords[word, default: Sum()].calls += tally.calls
        recordsWords[word, default: Sum()].talkSeconds += tally.talkSeconds
    }

    package var isEmpty: Bool { total == 0 }
    package var count: Int { total }
}

extension CallFigures {
    /// `/api/v1/calls/stats` of document 000, which does not know calls that are not answered yet.
    package var records: JSONValue {
        func sum(_ word: String) -> Sum { recordsWords[word] ?? Sum() }
        let answered = sum("answered")
        return [
            "totalCalls": JSONValue(recordsWords.values.reduce(0) { $0 + $1.calls }),
            "answeredCalls": JSONValue(answered.calls), "missedCalls": JSONValue(sum("missed").calls),
            "busyCalls": JSONValue(sum("busy").calls), "noAnswerCalls": JSONValue(sum("no_answer").calls),
            "totalDuration": JSONValue(answered.talkSeconds), "avgDuration": JSONValue(Self.average(answered)),
        ]
    }

    /// `/api/statistics/overview` of document 002; `live` calls are counted whenever they began.
    package func overview(live: Int) -> JSONValue {
        [
            "total_calls": JSONValue(total), "accepted_calls": JSONValue(answered.calls),
            "rejected_calls": JSONValue(rejected), "missed_calls": JSONValue(missed), "active_calls": JSONValue(live),
            "avg_duration": JSONValue(Self.average(answered)), "total_duration": JSONValue(answered.talkSeconds),
            "conversion_rate": .number(conversion), "total_hold_time": JSONValue(holdSeconds),
            "transfer_count": JSONValue(transfers),
        ]
    }

    /// What an element of `/api/statistics/users` says after the user's names.
    package var ofUser: JSONObject {
        [
            "total_calls": JSONValue(total), "accepted_calls": JSONValue(answered.calls),
            "rejected_calls": JSONValue(rejected), "missed_calls": JSONValue(missed),
            "avg_duration": JSONValue(Self.average(answered)), "total_duration": JSONValue(answered.talkSeconds),
        ]
    }

    /// `/api/calls/stats/:extension` of document 003; `made` are the calls among these that the extension made.
    package func pbx(extension number: String, made: Int) -> JSONValue {
        [
            "extension": .string(number), "totalCalls": JSONValue(total), "inboundCalls": JSONValue(total - made),
            "outboundCalls": JSONValue(made), "answeredCalls": JSONValue(answered.calls),
            "missedCalls": JSONValue(total - answered.calls), "averageDuration": JSONValue(Self.average(answered)),
            "totalDuration": JSONValue(answered.talkSeconds),
        ]
    }

    /// Seconds of a call, rounded to the nearest, halves up; 0 without calls.
    private static func average(_ sum: Sum) -> Int {
        sum.calls > 0 ? (2 * sum.talkSeconds + sum.calls) / (2 * sum.calls) : 0
    }

    /// The share of calls that were accepted, to two decimals.
    private var conversion: Double {
        total > 0 ? (Double(answered.calls) / Double(total) * 100).rounded() / 100 : 0
    }
}
