import CallModel
import CallViews
import Testing
import Wire

struct CallStatusTests {
    /// The table of contract §6: internal, records (incoming and outgoing), mango, crm, pbx, gateway.
    private static let table: [(CallState, String?, String?, String, String, String, String)] = [
        (.initiated, nil, nil, "started", "incoming", "ringing", "initiated"),
        (.ringing, nil, nil, "started", "incoming", "ringing", "ringing"),
        (.answered, "answered", "answered", "answered", "accepted", "answered", "answered"),
        (.held, "answered", "answered", "answered", "accepted", "held", "answered"),
        (.transferring, "answered", "answered", "answered", "accepted", "transferred", "answered"),
        (.completed, "answered", "answered", "completed", "completed", "ended", "completed"),
        (.missed, "missed", "missed", "completed", "missed", "no_answer", "no_answer"),
        (.noAnswer, "no_answer", "no_answer", "completed", "missed", "no_answer", "no_answer"),
        (.busy, "busy", "busy", "completed", "missed", "busy", "busy"),
        (.rejected, "busy", "busy", "completed", "rejected", "ended", "busy"),
        (.cancelled, "missed", "no_answer", "completed", "missed", "cancelled", "no_answer"),
        (.failed, "missed", "missed", "completed", "missed", "failed", "failed"),
    ]

    @Test(arguments: table.indices) func `a state is called as the contract says`(row: Int) throws {
        let (state, incoming, outgoing, mango, crm, pbx, gateway) = Self.table[row]
        let record = try makeCall(state).record
        #expect(CallView.records.status(of: record) == incoming)
        #expect(CallView.records.status(of: try makeCall(state, .outgoing).record) == outgoing)
        #expect(CallView.crm.status(of: record) == crm)
        #expect(CallView.pbx.status(of: record) == pbx)
        #expect(CallView.gateway.status(of: record) == gateway)
        #expect(CallView.crm.render(try makeCall(state))["statuses"]?["mango"] == .string(mango))
    }

    @Test func `every state has its row`() {
        #expect(Self.table.map(\.0) == CallState.allCases)
    }

    @Test(arguments: CallView.allCases) func `a filter finds exactly the calls that show its word`(view: CallView)
        throws
    {
        for state in CallState.allCases {
            for direction in CallDirection.allCases {
                let record = try makeCall(state, direction).record
                guard let word = view.status(of: record) else { continue }
                let conditions = try #require(view.conditions(forStatus: word))
                for other in CallState.allCases {
                    let matches = conditions.contains { $0.state == other && $0.directions.contains(direction) }
                    #expect(matches == (view.status(of: try makeCall(other, direction).record) == word))
                }
            }
        }
        #expect(view.conditions(forStatus: "exploded") == nil)
    }

    @Test func `a written status becomes a state`() {
        #expect(CallView.records.state(forWritten: "answered", isLive: true) == .answered)
        #expect(CallView.records.state(forWritten: "answered", isLive: false) == .completed)
        #expect(CallView.records.state(forWritten: "no_answer", isLive: false) == .noAnswer)
        #expect(CallView.records.state(forWritten: "completed", isLive: true) == nil)
        for word in ["initiated", "ringing", "answered", "completed", "failed", "busy", "no_answer"] {
            #expect(CallView.gateway.state(forWritten: word, isLive: true)?.rawValue == word)
        }
        for word in ["held", "missed", "cancelled", ""] {
            #expect(CallView.gateway.state(forWritten: word, isLive: true) == nil)
        }
        #expect(CallView.crm.state(forWritten: "completed", isLive: true) == nil)
        #expect(CallView.pbx.state(forWritten: "ended", isLive: true) == nil)
    }
}
